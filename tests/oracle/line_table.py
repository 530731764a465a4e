# SPDX-License-Identifier: BSD-2-Clause
"""What the line table says of an address, as objdump prints it."""
import bisect
import functools
import re
import subprocess

NO_SOURCE = 0


def parse(text):
    """Sorted [(address, order, line)]: the line is NO_SOURCE for a row of line 0 and for the end of a sequence."""
    rows = []
    for order, line in enumerate(text.splitlines()):
        match = re.match(r"^\S.*?\s+(\d+|-)\s+(0x[0-9a-f]+)(?:\s+\d+)?(?:\s+x)?(?:\s+END)?\s*$", line)
        if match:
            ends = match[1] == "-"
            rows.append((int(match[2], 16), -1 if ends else order, NO_SOURCE if ends else int(match[1])))
    return sorted(rows)


@functools.lru_cache(maxsize=None)
def rows(path):
    out = subprocess.run(["objdump", "--dwarf=decodedline", path], capture_output=True, text=True, errors="replace")
    return parse(out.stdout)


def has_no_source(found, address):
    """The row that counts at the address has line 0, or there is none. False if the table is empty: nothing is known."""
    if not found:
        return False
    at = bisect.bisect_right(found, (address, 1 << 62, 0)) - 1
    return at < 0 or found[at][2] == NO_SOURCE
