# SPDX-License-Identifier: BSD-2-Clause
"""Compares the frame list of one stop in gdb with that of one snapshot."""
import os

import line_table


def gdb_frames(stop):
    """With what gdb's way to print a frame depends on."""
    for callee, frame in zip(stop["frames"], stop["frames"][1:]):
        frame["calls_inlined"] = callee["kind"] == "inline"
        frame["in_call"] = callee.get("in_call", False) if callee["kind"] == "inline" else callee["kind"] != "signal"
    return stop["frames"]


def as_one(wanted, frames):
    """Of a function that ended in a tail call, in a copy inlined in it, gdb shows the copy only, as if it had jumped.

    The frame as gdb shows it, where its blocks have the same functions as our frames; and how many these are.
    """
    names = [wanted["function"]] + wanted.get("within", [])
    ours = frames[:len(names)]
    if [frame.get("function") for frame in ours] != names or not ours[-1].get("tailcall") or \
            not all(frame.get("inlined") for frame in ours[:-1]):
        return frames[0], 1
    return dict(ours[0], inlined=False, tailcall=True), len(names)


def length_of_gone(frames):
    """How many of the frames are of a function that ended in a tail call: it and what is inlined in it."""
    n = 0
    while n < len(frames) and frames[n].get("inlined") and frames[n]["pc"] == frames[0]["pc"]:
        n += 1
    return n + 1 if n < len(frames) and frames[n].get("tailcall") and frames[n]["pc"] == frames[0]["pc"] else 0


def our_frames(stop, snapshot):
    """As gdb would show them: without runs of tail callers that gdb gave up looking for, as many as it says it did
    (gdb_evidence.py), and those it found as one frame each."""
    frames, kept, left, at, skipping = snapshot["frames"], [], stop.get("abandoned", 0), 0, False
    while at < len(frames):
        wanted = stop["frames"][len(kept)] if len(kept) < len(stop["frames"]) else None
        frame, n = as_one(wanted, frames[at:]) if wanted and wanted["kind"] == "tailcall" else (frames[at], 1)
        here = wanted is not None and frame_difference(wanted, frame, stop["maps"]) is None
        gone = 0 if here else length_of_gone(frames[at:])
        if gone and (skipping or left > 0):
            left -= not skipping
            skipping = True
            at += gone
            continue
        skipping = False
        kept.append(frame)
        at += n
    return kept


def bias_at(maps, pc):
    for bias, start, end in maps.values():
        if start <= pc < end:
            return bias
    return 0


def same_function(gdb, ours):
    if gdb is None or not ours:
        return True if gdb is None and not ours else gdb is None
    name = ours.split("@")[0].split("(")[0].split("+")[0]
    # gdb shows the assembler's name of a C function where it has one of its own, libc's __GI_raise for raise.
    return gdb.split("@")[0].split("(")[0] in (name, "__GI_" + name)


def same_line(gdb, line):
    """gdb keeps the call lines of inlined functions in 16 bits (struct symbol), so 171943 reads 40871."""
    return gdb["line"] == line or (gdb.get("calls_inlined") and line is not None and gdb["line"] == line & 0xffff)


def without_source(maps, pc, is_call):
    """By the line table itself: gdb 13 shows the row before one of line 0."""
    for path, (bias, start, end) in maps.items():
        if start <= pc < end:
            return line_table.has_no_source(line_table.rows(path), pc - bias - is_call)
    return False


def frame_difference(gdb, ours, maps):
    """None, or what differs between two frames."""
    pc = gdb["pc"] - bias_at(maps, gdb["pc"])
    our_pc = ours.get("pc")
    our_pc = int(our_pc, 16) if isinstance(our_pc, str) and our_pc.startswith("0x") else our_pc
    if our_pc is not None and our_pc not in (pc, gdb["pc"]):
        return "pc %#x, ours %s" % (pc, ours.get("pc"))
    if gdb["kind"] == "signal":
        return None
    if not same_function(gdb["function"], ours.get("function")):
        return "function %s, ours %s" % (gdb["function"], ours.get("function"))
    if ours.get("file") is None and gdb["line"] and without_source(maps, gdb["pc"], gdb.get("in_call", False)):
        return None
    if gdb["file"] and (os.path.basename(gdb["file"]) != os.path.basename(ours.get("file") or "") or
                        not same_line(gdb, ours.get("line"))):
        return "line %s:%s, ours %s:%s" % (gdb["file"], gdb["line"], ours.get("file"), ours.get("line"))
    for kind, key in (("inline", "inlined"), ("tailcall", "tailcall")):
        if (gdb["kind"] == kind) != bool(ours.get(key)):
            return "%s frame, ours %s %s" % (gdb["kind"], key, ours.get(key))
    return None


def compare_frames(stop, snapshot):
    """None, or the first difference between the frame lists."""
    theirs, ours = gdb_frames(stop), our_frames(stop, snapshot)
    for number, (a, b) in enumerate(zip(theirs, ours)):
        difference = frame_difference(a, b, stop["maps"])
        if difference:
            return "frame %d: %s" % (number, difference)
    if len(theirs) != len(ours):
        return "%d frames (last %s), ours %d (last %s, %s)" % (
            len(theirs), theirs[-1]["function"], len(ours), ours[-1].get("function") if ours else None,
            snapshot.get("stack_end"))
    return None
