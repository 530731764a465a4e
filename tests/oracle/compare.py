# SPDX-License-Identifier: BSD-2-Clause
"""Compares one stop in gdb with one snapshot: frame by frame, variable by variable, leaf by leaf.

A leaf is a scalar, a pointer or a string; a structure or array is its leaves. A leaf is in one class:

  same          printed alike, perhaps after a normalisation of the table below
  missing       snapline says why it has none; counted by reason
  absent        snapline doesn't name the variable or member at all: no reason given
  different     both print a value, and they differ: must never happen
  vector        missing, in a vector register, which a uprobe can't see: a class of its own
  late          read after the hit, and says so: a class of its own (late_same, late_different, late_missing)
  clobbered     gdb's value is a guess, by its own location of the variable: gdb_evidence.py
                (clobbered_same, clobbered_missing; where ours differs it is different)
  inline_entry  gdb's value is wrong by a fault of gdb: gdb_evidence.py (inline_entry_same, _different, _missing)
  unset_frame   gdb reads beside the variable: gdb_evidence.py (unset_frame_same, _different, _missing)
"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from hidden import hidden_characters

from frames import compare_frames, frame_difference, gdb_frames, our_frames

# ---------------------------------------------------------------------------------------------------
# Normalisations: name, reason, function of (gdb's text, ours) giving the two texts to compare.


def drop_symbol(gdb, ours):
    symbol = r"(0x[0-9a-f]+) <[^<>]*>"
    if re.search(symbol, gdb) and re.search(symbol, ours):
        return gdb, ours
    return re.sub(symbol, r"\1", gdb), re.sub(symbol, r"\1", ours)


def unreadable_text(gdb, ours):
    pattern = r"(0x[0-9a-f]+( <[^<>]*>)?) <error: Cannot access memory[^<>]*>$"
    if not re.search(pattern, gdb):
        return gdb, ours
    ours = re.sub(r" <(cannot be read|not resident|process gone|not captured)>$", " <unreadable>", ours)
    return re.sub(pattern, r"\1 <unreadable>", gdb), ours


def pointer_type_prefix(gdb, ours):
    strip = lambda text: re.sub(r"^\([^()]*(\([^()]*\))*[^()]*\*+\) ?(?=0x)|^\{[^{}]*\} ?(?=0x)", "", text)
    return strip(gdb), strip(ours)


def empty_flexible(gdb, ours):
    """gdb prints a flexible member as its address, or as {} or "" by version."""
    plain = lambda text: "<flexible>" if re.fullmatch(r'0x[0-9a-f]+( <[^<>]*>)?|\{\}|""|<flexible>', text) else text
    return (plain(gdb), plain(ours)) if ours in ("{}", '""') or gdb in ("{}", '""') else (gdb, ours)


def drop_got_symbol(gdb, ours):
    if "@got[plt]>" not in gdb:
        return gdb, ours
    return tuple(re.sub(r"(0x[0-9a-f]+) <[^<>]*>", r"\1", text) for text in (gdb, ours))


def drop_clone_suffix(gdb, ours):
    return tuple(re.sub(r"(<\w+?)((\.(part|isra|constprop|cold)(\.\d+)?)+)(?=[+>])", r"\1", text) for text in (gdb, ours))


def same_alias(gdb, ours):
    """The names differ, the address and the distance from the symbol are equal."""
    symbol = r"(0x[0-9a-f]+) <[^<>+]*(\+\d+)?>"
    if not re.search(symbol, gdb) or not re.search(symbol, ours):
        return gdb, ours
    return tuple(re.sub(symbol, r"\1 <\2>", text, count=1) for text in (gdb, ours))


def incomplete_sequence(gdb, ours):
    """What stands before the character that gdb loses is compared."""
    match = re.match(r'(.*)", <incomplete sequence', gdb) or re.match(r"(0x[0-9a-f]+) <incomplete sequence", gdb)
    if not match or not ours.startswith(match[1]):
        return gdb, ours
    return "<incomplete>", "<incomplete>"


NORMALISATIONS = [
    ("unreadable", "neither can read what a pointer points to, and both say so: gdb with <error: Cannot access memory ...>",
     unreadable_text),
    ("pointer-type", "gdb writes (type *) before some pointers, by context", pointer_type_prefix),
    ("flexible", "a flexible array member has no elements by its type; gdb prints its address", empty_flexible),
    ("clone", "gdb names a part of a function as its debug information does, the symbol table f.part.0",
     drop_clone_suffix),
    ("got", "gdb makes up symbols for the slots of the procedure linkage table, function@got[plt]", drop_got_symbol),
    ("alias", "two symbols at one address: gdb takes the debug information's name for it", same_alias),
    ("incomplete", "in a string that ends in an incomplete UTF-8 sequence gdb 13 loses the character before that",
     incomplete_sequence),
    ("hidden", "in a string, gdb prints characters that can't be seen, or that turn and join the text around them, as "
     "they are; snapline in octal digits", hidden_characters),
    ("symbol", "only one side shows a <symbol+offset> behind an address; the addresses must be equal", drop_symbol),
]


def normalise(gdb, ours):
    """The name of what makes the texts equal ("" if they are), or None if nothing does."""
    gdb, ours = " ".join(gdb.split()), " ".join(ours.split())
    if gdb == ours:
        return ""
    used = []
    for name, _, function in NORMALISATIONS:
        before = (gdb, ours)
        gdb, ours = function(gdb, ours)
        if (gdb, ours) != before:
            used.append(name)
        if gdb == ours:
            return "+".join(used)
    return None


# ---------------------------------------------------------------------------------------------------
# Leaves

def gdb_leaves(node, path=()):
    """Yields (path, node) of gdb's leaves."""
    if "c" not in node:
        yield path, node
        return
    unnamed = 0
    for name, child in node["c"]:
        if not name:
            name = "#%d" % unnamed
            unnamed += 1
        yield from gdb_leaves(child, path + (name,))


def is_holder(node):
    """A structure, union or array: its children are members, not what a pointer points to."""
    return any(child.get("kind") != "pointee" for child in node.get("children") or [])


def our_leaves(node, path=(), late=False):
    """{path: node} of snapline's leaves, each with `late` inherited; runs of equal elements expanded."""
    late = late or bool(node.get("late"))
    if not is_holder(node):
        return {path: dict(node, late=late)}
    found, unnamed, index = {}, 0, 0
    for child in node["children"]:
        name = child.get("name")
        if not name:
            name = "#%d" % unnamed
            unnamed += 1
        times = 1
        if re.fullmatch(r"\[\d+\]", name):
            index = int(name[1:-1])
            times = min(max(1, int(child.get("repeats", 1) or 1)), 4096)
        for i in range(times):
            key = "[%d]" % (index + i) if times > 1 else name
            found.update(our_leaves(child, path + (key,), late))
    if not found or node.get("status", "ok") != "ok":
        found.setdefault(path, dict(node, late=late))
    return found


def nearest(leaves, path):
    """The leaf at the path, or the one above it where a whole structure is missing."""
    for length in range(len(path), -1, -1):
        leaf = leaves.get(path[:length])
        if leaf is not None and (length == len(path) or leaf.get("status", "ok") != "ok"):
            return leaf
    # A string of which a part is missing is shown as elements.
    below = [leaf for key, leaf in leaves.items() if key[:len(path)] == path and leaf.get("status", "ok") != "ok"]
    return below[0] if below else None


def is_behind(leaves, path):
    """An element of a flexible array member: its type has none, and gdb shows what lies behind the object."""
    above = leaves.get(path[:-1]) if path else None
    return above is not None and path[-1].startswith("[") and str(above.get("type", "")).endswith("[]")


def without_string(gdb, ours):
    """Why ours can't show the string, or the rest of it, that gdb shows behind the same pointer; else None."""
    part = r"(?:,? <incomplete sequence ((?:\\[0-7]{3})+)>)?"
    match = re.fullmatch(r'(0x[0-9a-f]+)(?: <[^<>]*>)??(?: "(.*?)")?' + part + " <([a-z][a-z -]*)>", ours)
    theirs = re.match(r'(0x[0-9a-f]+)(?: <[^<>]*>)? L?"(.*)', gdb)
    if not match or not theirs or match[1] != theirs[1] or not theirs[2].startswith(match[2] or ""):
        return None
    return match[4] if begins_with(theirs[2][len(match[2] or ""):], match[3] or "") else None


def begins_with(text, octal):
    """What ours took for the first bytes of a character is one in gdb's text, or stands there byte by byte."""
    first = bytes(int(digits, 8) for digits in octal.split("\\")[1:])
    return text.startswith(octal) or text[:1].encode().startswith(first)


def same_number(gdb_node, ours):
    """The JSON's value and pointer, where there are numbers, agree with gdb's too."""
    if "i" not in gdb_node:
        return True
    number = ours.get("pointer", ours.get("value"))
    if isinstance(number, str) and re.fullmatch(r"0x[0-9a-f]+", number):
        number = int(number, 16)
    if isinstance(number, str) or number is None:
        return True
    return int(number) == int(gdb_node["i"])


def judge(gdb_node, ours):
    """(class, detail) of one leaf that gdb prints; where gdb's value is no measure, a class that says why."""
    kind, detail = judge_as_printed(gdb_node, ours)
    how = gdb_node.get("how")
    if how not in ("clobbered", "inline_entry", "unset_frame") or kind not in ("same", "missing", "different"):
        return kind, detail
    # A guess of gdb's is never a reason for another value of ours.
    if how == "clobbered" and kind == "different":
        return kind, detail
    return "%s_%s" % (how, kind), detail


def judge_as_printed(gdb_node, ours):
    if ours is None:
        return "absent", ""
    status = ours.get("status", "ok")
    if status != "ok":
        if status == "vector_register":
            return "vector", status
        # Only what is read after the hit can find the process gone.
        return ("late_missing" if ours.get("late") or status == "process_gone" else "missing"), status
    how = normalise(gdb_node["t"], str(ours.get("text", "")))
    why = without_string(gdb_node["t"], str(ours.get("text", ""))) if how is None else None
    if why:
        return ("late_missing" if ours.get("late") or why == "process gone" else "missing"), "string: " + why
    if how is None:
        return ("late_different" if ours.get("late") else "different"), str(ours.get("text", ""))
    if not same_number(gdb_node, ours):
        return ("late_different" if ours.get("late") else "different"), "the JSON's number: %s" % ours.get("value")
    return ("late_same" if ours.get("late") else "same"), how


# ---------------------------------------------------------------------------------------------------
# Values

def unstable_leaves(frame, again):
    """Paths whose texts differ between gdb's two runs."""
    found = set()
    for first, second in zip(frame["variables"], again["variables"]):
        one, two = dict(gdb_leaves(first["value"])), dict(gdb_leaves(second["value"]))
        for path in set(one) | set(two):
            if one.get(path, {}).get("t") != two.get(path, {}).get("t"):
                found.add((id(first), path))
    if len(frame["variables"]) != len(again["variables"]):
        found.update((id(v), path) for v in frame["variables"] for path, _ in gdb_leaves(v["value"]))
    return found


def leaf_texts(frame):
    """{name as in a case: [gdb's texts]}."""
    texts = {}
    for variable in frame["variables"]:
        for path, node in gdb_leaves(variable["value"]):
            texts.setdefault(".".join((variable["name"],) + path), []).append(node["t"])
    return texts


def pair_variables(theirs, ours):
    """Yields (gdb's variable, ours or None); equal names are paired in their order, innermost first."""
    waiting = {}
    for variable in ours:
        waiting.setdefault(variable.get("name"), []).append(variable)
    for variable in theirs:
        same_name = waiting.get(variable["name"]) or [None]
        yield variable, same_name.pop(0)


REASONED = ("missing", "late_missing", "clobbered_missing", "inline_entry_missing", "unset_frame_missing", "not_printed")


class Tally:
    """Counts of classes, of reasons, and the cases worth reading."""

    def __init__(self):
        self.classes, self.reasons, self.normalised = {}, {}, {}
        self.cases = []
        self.corrected = 0  # values that gdb evaluated again in the right frame

    def add(self, kind, detail, case):
        self.classes[kind] = self.classes.get(kind, 0) + 1
        if kind in REASONED:
            key = "%s: %s" % (kind, detail)
            self.reasons[key] = self.reasons.get(key, 0) + 1
        elif kind in ("same", "late_same", "clobbered_same") and detail:
            self.normalised[detail] = self.normalised.get(detail, 0) + 1
        if kind not in ("same", "late_same", "clobbered_same", "unset_frame_same", "not_printed", "vector"):
            self.cases.append(dict(case, kind=kind, detail=detail))

    def set_unstable_aside(self, stop, third):
        """What a third run of gdb shows to differ from run to run there, too."""
        texts = [leaf_texts(frame) for frame in stop["frames"]], [leaf_texts(frame) for frame in third["frames"]]
        for case in self.cases:
            at, name = case["frame"], case["variable"]
            if case["kind"] == "unsteady" and at < len(texts[1]) and texts[0][at].get(name) != texts[1][at].get(name):
                case["kind"] = "unstable"
                self.classes["unsteady"] -= 1
                self.classes["unstable"] = self.classes.get("unstable", 0) + 1

    def set_unsteady_aside(self, again):
        """What differs from gdb, and otherwise in a second run of snapline: bytes that no run gives twice."""
        second = {(case["frame"], case["variable"]): case["detail"] for case in again.cases if case["kind"] == "different"}
        for case in self.cases:
            if case["kind"] == "different" and second.get((case["frame"], case["variable"])) != case["detail"]:
                case["kind"] = "unsteady"
                self.classes["different"] -= 1
                self.classes["unsteady"] = self.classes.get("unsteady", 0) + 1

    def merge(self, other):
        for mine, its in ((self.classes, other.classes), (self.reasons, other.reasons),
                          (self.normalised, other.normalised)):
            for key, count in its.items():
                mine[key] = mine.get(key, 0) + count
        self.cases += other.cases
        self.corrected += other.corrected

    def get(self, kind):
        return self.classes.get(kind, 0)

    def sum(self, prefix):
        return sum(count for kind, count in self.classes.items() if kind.startswith(prefix))

    @property
    def judged(self):
        return sum(self.get(kind) for kind in ("same", "missing", "absent", "different"))

    @property
    def ratio(self):
        return self.get("same") / self.judged if self.judged else 1.0


def compare_values(stop, again, snapshot, place):
    """The Tally of one place, over the frames that both sides have."""
    tally = Tally()
    pairs = zip(gdb_frames(stop), gdb_frames(again), our_frames(stop, snapshot))
    for number, (frame, frame_again, ours) in enumerate(pairs):
        if frame["pc"] != frame_again["pc"] or frame_difference(frame, ours, stop["maps"]):
            break
        unstable = unstable_leaves(frame, frame_again)
        for variable, our_variable in pair_variables(frame["variables"], ours.get("variables") or []):
            leaves = our_leaves(our_variable) if our_variable else {}
            for path, node in gdb_leaves(variable["value"]):
                case = {"place": place, "frame": number, "function": frame["function"],
                        "variable": ".".join((variable["name"],) + path), "type": variable["type"],
                        "gdb": node["t"]}
                mine = nearest(leaves, path)
                if (id(variable), path) in unstable:
                    tally.add("unstable", "", case)
                elif mine is None and is_behind(leaves, path):
                    tally.add("not_printed", "flexible", case)
                elif "x" in node:
                    extra = mine is not None and mine.get("status", "ok") == "ok" and node["x"] == "optimized_out"
                    tally.add("extra" if extra else "not_printed",
                              str(mine.get("text")) if extra else node["x"], case)
                else:
                    tally.add(*judge(node, mine), case)
                    tally.corrected += node.get("how") == "corrected"
    return tally
