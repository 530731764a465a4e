#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs the process tests. usage: run.py [-t] [words of a test's name]; -t shows how long each took."""
import sys

sys.dont_write_bytecode = True

import harness  # noqa: E402
import lives  # noqa: E402,F401 - tests are registered when they are read
import places  # noqa: E402,F401
import commands  # noqa: E402,F401

if __name__ == "__main__":
    sys.exit(harness.main())
