# SPDX-License-Identifier: BSD-2-Clause
"""Runs inside gdb: prints the variables named in the file $VALUE_NAMES as "NAME = TEXT"."""
import os

import gdb

with open(os.environ["VALUE_NAMES"]) as names:
    for name in names.read().split():
        try:
            print(name, "=", gdb.parse_and_eval(name).format_string())
        except gdb.error as error:
            print(name, "!", error)
