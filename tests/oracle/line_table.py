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


class FileLines:
    """The rows of one source file: which lines have statements, and what shares their addresses."""

    def __init__(self, path, name):
        self.rows, self.statements, self.at = {}, {}, {}
        out = subprocess.run(["objdump", "--dwarf=decodedline", path], capture_output=True, text=True, errors="replace")
        order = []
        for text in out.stdout.splitlines():
            match = re.match(r"^(\S+)\s+(\d+)\s+(0x[0-9a-f]+)(?:\s+\d+)?(\s+x)?\s*$", text)
            if not match:
                continue
            line, address = (match[1], int(match[2])), int(match[3], 16)
            self.at.setdefault(address, set()).add(line)
            if match[1] == name and line[1]:
                self.rows.setdefault(line[1], set()).add(address)
                if match[4]:
                    self.statements.setdefault(line[1], set()).add(address)
            order.append((address, line))
        self.name = name
        self.runs = {}
        order.sort(key=lambda row: row[0])
        self.order = order
        for before, (address, line) in zip([(0, None)] + order, order):
            if before[1] != line and line[0] == name:
                self.runs.setdefault(line[1], []).append(address)

    def line_at(self, address):
        """The line of the file that the instruction at the address belongs to; None: another file's."""
        file, line = self.order[bisect.bisect_right(self.order, address, key=lambda row: row[0]) - 1][1]
        return line if file == self.name else None

    def next_line(self, line):
        """The nearest line below that has rows."""
        return min((other for other in self.rows if other > line), default=None)

    def why_unlike(self, line):
        """What the table shows of a line whose hits are not its executions; None: nothing.

        dropped  no statement row has the line
        merged   a statement row of the line has its address in common with another line's row
        split    the line has code in several places, other lines' in between: copies, and parts that were moved; or the
                 line below has code in more places than this one, so not all of the copies have a row of it
        """
        if line not in self.statements:
            return "dropped"
        if any(self.at[address] != {(self.name, line)} for address in self.statements[line]):
            return "merged"
        below = self.next_line(line)
        if len(self.runs[line]) > 1 or (below and len(self.runs[below]) > len(self.runs[line])):
            return "split"
        return None
