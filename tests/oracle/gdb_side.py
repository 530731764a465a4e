# SPDX-License-Identifier: BSD-2-Clause
"""gdb's side of the oracle, run inside gdb: stops at places and writes down every frame and value.

The environment variable ORACLE_JOB names a JSON file:
  program, arguments, environment   what to run; no argument is empty or holds a space
  places                            [{id, module, address, skip}]: stop there after `skip` hits
  elements                          gdb's limit on array elements and characters
  out                               file to write: {id: {pc, sp, threads, maps, frames, text}}
"""
import json
import os
import struct
import sys

import gdb

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import gdb_evidence

MAX_DEPTH = 14
MAX_LEAVES = 3000

SETTINGS = """
set pagination off
set confirm off
set width 0
set height 0
set startup-with-shell off
set disable-randomization on
set debuginfod enabled off
set auto-load no
set print frame-arguments all
set print repeats 10
set print symbol on
set print pretty off
set print address on
set print union on
set print max-depth 20
set backtrace past-main on
set backtrace past-entry off
set backtrace limit 64
set print thread-events off
set print inferior-events off
set unwindonsignal on
handle all nostop noprint pass
handle SIGTRAP stop
handle SIGINT stop
unset environment
"""

STRUCTURES = (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION)
NUMBERS = (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_BOOL, gdb.TYPE_CODE_CHAR, gdb.TYPE_CODE_ENUM, gdb.TYPE_CODE_PTR)


class Budget:
    def __init__(self):
        self.leaves = 0


def plain(kind):
    return kind.strip_typedefs().unqualified()


def is_character(kind):
    kind = plain(kind)
    return kind.code in (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_CHAR) and kind.sizeof == 1


def leaf(value):
    """{t: text} as gdb prints it, or {x: why it has none}."""
    try:
        text = value.format_string()
    except (gdb.error, UnicodeDecodeError) as error:
        return {"x": "error", "t": str(error)}
    if "<optimized out>" in text:
        return {"x": "optimized_out", "t": text}
    if "<unavailable>" in text or "<not saved>" in text:
        return {"x": "unavailable", "t": text}
    if "synthetic pointer" in text:
        return {"x": "synthetic_pointer", "t": text}
    if text.startswith(("<error", "<invalid float value>")):
        return {"x": "error", "t": text}
    node = {"t": text}
    try:
        if plain(value.type).code in NUMBERS:
            node["i"] = str(int(value))
    except (gdb.error, OverflowError):
        pass
    return node


def member(value, kind, field):
    try:
        return value[field]
    except TypeError:
        # gdb takes a field only from the very type it came from, not from a const variant of it.
        return value.cast(kind)[field]


def leaf_at(value, bit):
    return dict(leaf(value), o=bit)


def walk(value, depth, budget, elements, bit=0):
    """{t} for a scalar or a string, {c: [[name, node], ...]} for what holds others; bit: where it starts."""
    try:
        kind = plain(value.type)
    except gdb.error as error:
        return {"x": "error", "t": str(error)}
    budget.leaves += 1
    if budget.leaves > MAX_LEAVES:
        return {"x": "budget", "t": ""}
    if depth < MAX_DEPTH and kind.code in STRUCTURES:
        children = []
        for field in kind.fields():
            if getattr(field, "is_base_class", False) or not hasattr(field, "bitpos"):
                continue
            try:
                children.append([field.name or "", walk(member(value, kind, field), depth + 1, budget, elements,
                                                          bit + field.bitpos)])
            except (gdb.error, TypeError) as error:
                children.append([field.name or "", {"x": "error", "t": str(error)}])
        return {"c": children}
    if depth < MAX_DEPTH and kind.code == gdb.TYPE_CODE_ARRAY and not is_character(kind.target()):
        try:
            low, high = kind.range()
        except gdb.error:
            return leaf_at(value, bit)
        if high < low:
            return leaf_at(value, bit)
        last, stride = min(high, low + elements - 1), 8 * kind.target().sizeof
        children = [["[%d]" % i, walk(value[i], depth + 1, budget, elements, bit + (i - low) * stride)]
                    for i in range(low, last + 1)]
        return {"c": children, "cut": last < high}
    return leaf_at(value, bit)


def is_constant_variable(symbol):
    """A variable that is a constant here: the Python interface says is_variable only of those in places."""
    if symbol.addr_class not in (gdb.SYMBOL_LOC_CONST, gdb.SYMBOL_LOC_CONST_BYTES):
        return False
    kind = plain(symbol.type)
    return kind.code != gdb.TYPE_CODE_ENUM or symbol.name not in [field.name for field in kind.fields()]


def variables(frame, elements):
    """Arguments and locals of the frame, innermost block first, as `bt full` finds them."""
    found = []
    try:
        block = frame.block()
    except RuntimeError:
        return found
    while block is not None and not block.is_static and not block.is_global:
        for symbol in block:
            if not (symbol.is_argument or symbol.is_variable or is_constant_variable(symbol)):
                continue
            entry = {"name": symbol.print_name, "kind": "argument" if symbol.is_argument else "local",
                     "type": str(symbol.type)}
            try:
                entry["value"] = walk(symbol.value(frame), 0, Budget(), elements)
            except (gdb.error, TypeError, ValueError, MemoryError) as error:
                entry["value"] = {"x": "error", "t": str(error)}
            found.append((symbol, entry))
        if block.function is not None:
            break
        block = block.superblock
    gdb_evidence.mark_all(frame, found, leaf)
    return [entry for _, entry in found]


FRAME_KINDS = {gdb.NORMAL_FRAME: "normal", gdb.INLINE_FRAME: "inline", gdb.TAILCALL_FRAME: "tailcall",
               gdb.SIGTRAMP_FRAME: "signal"}


def frames(elements):
    found = []
    frame = gdb.newest_frame()
    while frame is not None and len(found) < gdb_evidence.MAX_FRAMES:
        sal = frame.find_sal()
        found.append({"function": frame.name(), "kind": FRAME_KINDS.get(frame.type(), "other"),
                      "file": sal.symtab.filename if sal.symtab else None, "line": sal.line if sal.symtab else 0,
                      "pc": frame.pc(), "variables": variables(frame, elements)})
        if frame.type() == gdb.TAILCALL_FRAME:
            found[-1]["within"] = gdb_evidence.functions_at(frame.pc() - 1)[1:]
        try:
            older = frame.older()
        except gdb.error as error:
            found[-1]["end"] = str(error)
            break
        if older is None:
            found[-1]["end"] = gdb.frame_stop_reason_string(frame.unwind_stop_reason())
        frame = older
    return found


def is_position_independent(path):
    with open(path, "rb") as file:
        return struct.unpack("<H", file.read(18)[16:18])[0] == 3


def read_maps(pid):
    """Path to [bias, start, end] of each mapped file."""
    maps = {}
    with open("/proc/%d/maps" % pid) as file:
        for line in file:
            words = line.split(None, 5)
            if len(words) < 6 or not words[5].startswith("/"):
                continue
            path = words[5].strip()
            start, end = (int(w, 16) for w in words[0].split("-"))
            if path not in maps and int(words[2], 16) == 0:
                try:
                    maps[path] = [start if is_position_independent(path) else 0, start, end]
                except OSError:
                    continue
            elif path in maps:
                maps[path][2] = max(maps[path][2], end)
    return maps


def stop(at, maps, elements):
    """All of one stop."""
    gdb_evidence.maps = maps
    abandoned = gdb_evidence.abandoned_searches()
    return {"pc": at, "sp": int(gdb.newest_frame().read_register("sp")),
            "threads": len(gdb.selected_inferior().threads()), "maps": maps, "frames": frames(elements), "abandoned": abandoned,
            "text": gdb.execute("bt -full -frame-arguments all", to_string=True)}


class Run:
    def __init__(self, job):
        self.job = job
        self.results = {}
        self.points = {}

    def start(self):
        for line in SETTINGS.strip().splitlines():
            gdb.execute(line, to_string=True)
        gdb.execute("set print elements %d" % self.job["elements"])
        gdb.execute("file " + self.job["program"], to_string=True)
        for name, value in self.job["environment"].items():
            gdb.execute("set environment %s=%s" % (name, value))
        gdb.execute("set args " + " ".join(self.job["arguments"]))
        gdb.execute("tbreak *main", to_string=True)
        gdb.execute("run", to_string=True)

    def set_points(self):
        self.maps = read_maps(gdb.selected_inferior().pid)
        for place in self.job["places"]:
            if place["module"] not in self.maps:
                continue
            at = self.maps[place["module"]][0] + int(place["address"], 16)
            self.points.setdefault(at, []).append(place)
        self.breakpoints = {}
        for at, places in self.points.items():
            places.sort(key=lambda place: place["skip"])
            point = gdb.Breakpoint("*0x%x" % at, internal=False)
            point.silent = True
            point.ignore_count = places[0]["skip"]
            self.breakpoints[at] = point

    def stopped(self):
        at = gdb.newest_frame().pc()
        point = self.breakpoints.get(at)
        if point is None or not point.enabled:
            return
        places = self.points[at]
        if point.hit_count != places[0]["skip"] + 1:
            return
        place = places.pop(0)
        self.results[place["id"]] = stop(at, read_maps(gdb.selected_inferior().pid), self.job["elements"])
        if places:
            point.ignore_count = places[0]["skip"] - place["skip"] - 1
        else:
            point.enabled = False
            if not any(p.enabled for p in self.breakpoints.values()):
                raise StopIteration

    def run(self):
        self.start()
        if not gdb.selected_inferior().pid:
            return
        self.set_points()
        # A place at main itself was passed by the temporary breakpoint's stop.
        self.at_start()
        while gdb.selected_inferior().pid:
            gdb.execute("continue", to_string=True)
            if gdb.selected_inferior().pid:
                self.stopped()

    def at_start(self):
        at = gdb.newest_frame().pc()
        if at in self.points:
            point = self.breakpoints[at]
            if self.points[at][0]["skip"] == 0:
                place = self.points[at].pop(0)
                self.results[place["id"]] = stop(at, self.maps, self.job["elements"])
            for place in self.points[at]:
                place["skip"] -= 1
            if self.points[at]:
                point.ignore_count = self.points[at][0]["skip"]
            else:
                point.enabled = False


def main():
    with open(os.environ["ORACLE_JOB"]) as file:
        run = Run(json.load(file))
    try:
        run.run()
    except StopIteration:
        pass
    finally:
        with open(run.job["out"], "w") as file:
            json.dump(run.results, file)
    if gdb.selected_inferior().pid:
        gdb.execute("kill", to_string=True)


main()
