# SPDX-License-Identifier: BSD-2-Clause
"""How often the statements of a line were executed, from the counted flow graph that gcov keeps.

gcov's figure for a line is a sum over basic blocks, and a block is counted for one line only, the last by number. Thus of

    114    int needed = (!(flags & NOPASS) ||
    115                   (flags & DISABLED)) &&
    116                  !authenticated;

executed 77 times, it says 231, 77 and 0 or 77; of a `while (*p) p++;` it adds the rounds; and all `return` statements of
a function share one block, which it counts for the line of one of them, `if (x) return;` or whichever it is. The
graph itself (.gcno) with its arcs' counts (.gcda) is exact, and names the lines of each block in their order.
From it comes the figure that "control enters the line" stands for. A block's mention of a line is

- an entry, where what comes before it, in the block or along an arc, is another line;
- the rest of a statement, which is no execution of its own, where it is reached only by way of another entry of the
  line, each time (116 goes back to 115, and that to 114);
- a shared return, where nothing but the function's end comes behind it, and the line has an entry elsewhere.

The sum of the entries is the number of executions.

File formats: gcc 12, gcov-io.h: lengths and strings are in bytes.
"""
import glob
import gzip
import json
import os
import struct
import subprocess

TAG_FUNCTION, TAG_BLOCKS, TAG_ARCS, TAG_LINES, TAG_COUNTS = 0x01000000, 0x01410000, 0x01430000, 0x01450000, 0x01a10000
ON_TREE, FAKE = 1, 2
ENTRY, EXIT = 0, 1


class Cursor:
    def __init__(self, path):
        with open(path, "rb") as file:
            self.bytes = file.read()
        self.at = 0

    def number(self):
        self.at += 4
        return struct.unpack_from("<I", self.bytes, self.at - 4)[0]

    def text(self):
        size = self.number()
        self.at += size
        return self.bytes[self.at - size:self.at].rstrip(b"\0").decode(errors="replace")

    def records(self):
        """Yields (tag, length, end); whatever of a record was not read is passed over."""
        while self.at + 8 <= len(self.bytes):
            tag, length = self.number(), self.number()
            length -= 1 << 32 if length >> 31 else 0
            end = self.at + max(length, 0)
            yield tag, length, end
            self.at = end


class Arc:
    def __init__(self, source, target, flags):
        self.source, self.target = source, target
        self.count = None if flags & ON_TREE else 0
        self.counted, self.is_fake = not flags & ON_TREE, bool(flags & FAKE)


class Function:
    """A graph of basic blocks: `lines[b]` are the (file, line) of block b in their order."""

    def __init__(self, cursor):
        self.ident = cursor.number()
        cursor.number(), cursor.number()
        self.name = cursor.text()
        cursor.number()
        self.file = os.path.basename(cursor.text())
        self.first = cursor.number()
        cursor.number()
        self.last = cursor.number()
        self.arcs, self.lines = [], []

    def add_lines(self, cursor, end):
        found, file = self.lines[cursor.number()], None
        while cursor.at < end:
            line = cursor.number()
            if line:
                found.append((file, line))
                continue
            file = os.path.basename(cursor.text())
            if not file:
                break

    def solve(self, counts):
        """The arcs of a spanning tree have no counter: what goes in comes out."""
        self.arcs.sort(key=lambda arc: arc.source)
        for arc, count in zip((arc for arc in self.arcs if arc.counted), counts):
            arc.count = count
        self.out = [[arc for arc in self.arcs if arc.source == block] for block in range(len(self.lines))]
        self.into = [[arc for arc in self.arcs if arc.target == block] for block in range(len(self.lines))]
        self.counts = [None] * len(self.lines)
        changed = True
        while changed:
            changed = any([self.solve_block(block) for block in range(len(self.lines))])

    def solve_block(self, block):
        changed = False
        sides = [side for side in (self.into[block], self.out[block]) if side]
        for side in sides:
            if self.counts[block] is None and all(arc.count is not None for arc in side):
                self.counts[block], changed = sum(arc.count for arc in side), True
        for side in sides:
            unknown = [arc for arc in side if arc.count is None]
            if self.counts[block] is not None and len(unknown) == 1:
                unknown[0].count = self.counts[block] - sum(arc.count for arc in side if arc.count is not None)
                changed = True
        return changed


def read_graphs(notes, data):
    """The functions of a .gcno file, with the counts of its .gcda file."""
    cursor, functions = Cursor(notes), {}
    cursor.at = 16
    cursor.text()
    cursor.number()
    function = None
    for tag, _, end in cursor.records():
        if tag == TAG_FUNCTION:
            function = Function(cursor)
            functions[function.ident] = function
        elif tag == TAG_BLOCKS:
            function.lines = [[] for _ in range(cursor.number())]
        elif tag == TAG_ARCS:
            source = cursor.number()
            while cursor.at < end:
                function.arcs.append(Arc(source, cursor.number(), cursor.number()))
        elif tag == TAG_LINES:
            function.add_lines(cursor, end)
    counts = read_counts(data)
    for ident, function in functions.items():
        function.solve(counts.get(ident, []))
    return list(functions.values())


def read_counts(path):
    """{function: counts of its arcs}. A negative length: that many bytes of zeros were left out."""
    cursor, counts, ident = Cursor(path), {}, None
    cursor.at = 16
    for tag, length, _ in cursor.records():
        if tag == TAG_FUNCTION and length > 0:
            ident = cursor.number()
        elif tag == TAG_COUNTS and length > 0:
            counts[ident] = struct.unpack_from("<%dQ" % (length // 8), cursor.bytes, cursor.at)
    return counts


class LineWalk:
    """One line in one function."""

    def __init__(self, function, line):
        self.function, self.line = function, line
        self.leaves_in = self.find_ends()
        self.entries = list(self.find_entries())

    def find_ends(self):
        """Blocks behind which control is in the line; one without lines hands on what came, if all came from it."""
        blocks = self.function.lines
        ends = [bool(lines) and lines[-1] == self.line for lines in blocks]
        changed = True
        while changed:
            changed = False
            for block, lines in enumerate(blocks):
                into = self.function.into[block]
                if not lines and not ends[block] and into and all(ends[arc.source] for arc in into):
                    ends[block] = changed = True
        return ends

    def find_entries(self):
        """(block, position, count), in the order of the blocks."""
        function = self.function
        for block, lines in enumerate(function.lines):
            for position, line in enumerate(lines):
                if line != self.line:
                    continue
                if position == 0:
                    count = sum(arc.count for arc in function.into[block] if not self.leaves_in[arc.source])
                    if all(self.leaves_in[arc.source] for arc in function.into[block]):
                        continue
                elif lines[position - 1] == self.line:
                    continue
                else:
                    count = function.counts[block]
                yield block, position, count

    def follows(self, first, second):
        """Is `second` reached only when `first` was passed since the last time?"""
        if first[0] == second[0]:
            return first[1] < second[1]
        seen, todo = {second[0]}, [second[0]]
        while todo:
            for arc in self.function.into[todo.pop()]:
                if arc.source == first[0] or (arc.source in seen and arc.source != second[0]):
                    continue
                if arc.source in (ENTRY, second[0]):
                    return False
                seen.add(arc.source)
                todo.append(arc.source)
        return True

    def is_shared_return(self, entry):
        """Each block before it leads nowhere else, and nothing but the end of the function comes behind it."""
        block, position, _ = entry
        if position or len(self.function.lines[block]) != 1:
            return False
        if any(len([arc for arc in self.function.out[into.source] if not arc.is_fake]) > 1
               for into in self.function.into[block]):
            return False
        seen, todo = set(), [block]
        while todo:
            for arc in self.function.out[todo.pop()]:
                if arc.target != EXIT and arc.target not in seen:
                    seen.add(arc.target)
                    todo.append(arc.target)
        return not any(self.function.lines[after] for after in seen)

    def executions(self):
        kept = list(self.entries)
        for entry in self.entries:
            if any(self.follows(other, entry) for other in kept if other is not entry):
                kept.remove(entry)
        if any(not self.is_shared_return(entry) for entry in kept):
            kept = [entry for entry in kept if not self.is_shared_return(entry)]
        return sum(count for _, _, count in kept)


def add_executions(functions, counts, unclear):
    for function in functions:
        for item in {item for lines in function.lines for item in lines}:
            if item[0] == function.file and function.first <= item[1] <= function.last:
                counts[item] = counts.get(item, 0) + LineWalk(function, item).executions()
            else:
                unclear.add(item)


def executions(folder):
    """{(file, line): executions}, of all parts of the program whose data lies there. Left out are lines that are inlined
    somewhere: a graph doesn't say which blocks are copies of each other."""
    counts, unclear = {}, set()
    for data in glob.glob(os.path.join(folder, "*.gcda")):
        add_executions(read_graphs(data[:-2] + "no", data), counts, unclear)
    return {item: count for item, count in counts.items() if item not in unclear}


def figures(folder):
    """{(file, line): count}, as gcov prints them."""
    subprocess.run(["gcov", "--json-format"] + glob.glob(os.path.join(folder, "*.gcda")), cwd=folder, check=True,
                   stdout=subprocess.DEVNULL)
    counts = {}
    for report in glob.glob(os.path.join(folder, "*.gcov.json.gz")):
        with gzip.open(report, "rt") as file:
            for entry in json.load(file)["files"]:
                for line in entry["lines"]:
                    key = (os.path.basename(entry["file"]), line["line_number"])
                    counts[key] = counts.get(key, 0) + line["count"]
    return counts
