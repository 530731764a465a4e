# SPDX-License-Identifier: BSD-2-Clause
"""Runs inside gdb: prints the variables named in the file $VALUE_NAMES as "NAME = TEXT", and first
"# NAME" if a string of it ends in an incomplete sequence that the text may not show."""
import os

import gdb

with open(os.environ["VALUE_NAMES"]) as names:
    for name in names.read().split():
        try:
            value = gdb.parse_and_eval(name)
            if "<incomplete sequence" in value.format_string(max_elements=0):
                print("#", name)
            print(name, "=", value.format_string())
        except gdb.error as error:
            print(name, "!", error)
