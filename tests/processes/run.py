#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs the process tests. usage: run.py [-t] [words of a test's name]; -t shows how long each took."""
import sys

import harness
import lives  # noqa: F401 - tests are registered when they are read
import places  # noqa: F401
import commands  # noqa: F401

if __name__ == "__main__":
    sys.exit(harness.main())
