#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Tests of the comparer itself: it must see every difference, and forgive only what the table names."""
import copy
import sys
import unittest

sys.dont_write_bytecode = True
import compare
import line_table


def variable(name, value, kind="local"):
    return {"name": name, "kind": kind, "type": "int", "value": value}


def stop(*frames):
    return {"pc": 0x1000, "maps": {"/p": [0x1000, 0x1000, 0x9000]}, "frames": list(frames)}


def frame(function, pc, variables=(), kind="normal", line=3):
    return {"function": function, "kind": kind, "file": "/src/a.c", "line": line, "pc": pc,
            "variables": list(variables)}


def ours(function, pc, variables=(), line=3, **more):
    return dict({"function": function, "file": "a.c", "line": line, "pc": hex(pc), "variables": list(variables)},
                **more)


def shown(name, text, **more):
    return dict({"name": name, "kind": "local", "status": "ok", "text": text}, **more)


class Texts(unittest.TestCase):
    def test_equal(self):
        self.assertEqual(compare.normalise("5", "5"), "")

    def test_unequal(self):
        for pair in (("5", "6"), ("0x10", "0x11"), ('0x10 "a"', '0x10 "b"'), ("1.5", "1.50000001"), ("A", "B"),
                     ('"ab"', '"ab"...'), ("0x10 <f>", "0x11 <f>"), ("0x10 <f+1>", "0x10 <f+2>"),
                     ("0x10 <f>", "0x10 <f+2>"), ('"ab", <incomplete sequence \\356>', '"xy"'), ("", "0")):
            self.assertIsNone(compare.normalise(*pair), pair)

    def test_symbols_are_decoration(self):
        self.assertEqual(compare.normalise("0x10 <table+4>", "0x10"), "symbol")

    def test_unreadable(self):
        how = compare.normalise("0x1 <error: Cannot access memory at address 0x1>", "0x1 <cannot be read>")
        self.assertIsNotNone(how)
        self.assertIsNone(compare.normalise("0x1 <error: Cannot access memory at address 0x1>", '0x1 "a"'))

    def test_names_of_symbols(self):
        self.assertEqual(compare.normalise("0x10 <f+4>", "0x10 <f.part.0.isra.1+4>"), "clone")
        self.assertEqual(compare.normalise("0x10 <__GI_f+4>", "0x10 <f+4>"), "alias")
        self.assertEqual(compare.normalise("0x10 <f@got[plt]>", "0x10 <_GLOBAL_OFFSET_TABLE_+8>"), "got")

    def test_incomplete_sequences(self):
        how = compare.normalise('0x10 "ab", <incomplete sequence \\356>', '0x10 "abc\\356"')
        self.assertEqual(how, "incomplete")

    def test_characters_that_cannot_be_seen(self):
        self.assertEqual(compare.normalise('"a\u202eb\u202e"', r'"a\342\200\256b\342\200\256"'), "hidden")
        self.assertEqual(compare.normalise('"a\ue000"', r'"a\356\200\200"'), "hidden")
        self.assertIsNone(compare.normalise('"a\u202eb"', r'"a\342\200\255b"'))
        self.assertIsNone(compare.normalise('"a\u20ac"', r'"a\342\202\254"'))

    def test_pointer_type(self):
        self.assertEqual(compare.normalise("(struct node *) 0x10", "0x10"), "pointer-type")
        self.assertEqual(compare.normalise("{int (int, int)} 0x10 <add>", "0x10 <add>"), "pointer-type")


class Frames(unittest.TestCase):
    def test_equal_lists(self):
        a = stop(frame("f", 0x1010), frame("main", 0x1020))
        b = {"frames": [ours("f", 0x10), ours("main", 0x20)]}
        self.assertIsNone(compare.compare_frames(a, b))

    def test_each_difference_is_seen(self):
        a = stop(frame("f", 0x1010), frame("main", 0x1020))
        good = [ours("f", 0x10), ours("main", 0x20)]
        for bad in ([good[0]], good + [ours("x", 0x30)], [ours("g", 0x10), good[1]], [ours("f", 0x11), good[1]],
                    [ours("f", 0x10, line=4), good[1]], [ours("f", 0x10, inlined=True), good[1]],
                    [good[1], good[0]]):
            self.assertIsNotNone(compare.compare_frames(a, {"frames": bad}), bad)

    def test_a_frame_without_a_line_needs_the_line_table_to_say_so(self):
        a = stop(frame("f", 0x1010), frame("main", 0x1020))
        b = {"frames": [ours("f", 0x10), ours("main", 0x20, line=None, file=None)]}
        table = lambda line: line_table.parse("a.c 3 0x10 x\na.c %d 0x1d\na.c 7 0x20 x\na.c - 0x30" % line)
        kept, line_table.rows = line_table.rows, lambda path: table(0)
        try:
            self.assertIsNone(compare.compare_frames(a, b))
            line_table.rows = lambda path: table(5)
            self.assertIsNotNone(compare.compare_frames(a, b))
            line_table.rows = lambda path: []
            self.assertIsNotNone(compare.compare_frames(a, b))
        finally:
            line_table.rows = kept

    def test_tail_callers_are_frames(self):
        a = stop(frame("f", 0x1010), frame("g", 0x1018, kind="tailcall"), frame("main", 0x1020))
        gone = ours("g", 0x18, tailcall=True)
        self.assertIsNone(compare.compare_frames(a, {"frames": [ours("f", 0x10), gone, ours("main", 0x20)]}))
        for bad in ([ours("f", 0x10), ours("main", 0x20)], [ours("f", 0x10), ours("g", 0x18), ours("main", 0x20)]):
            self.assertIsNotNone(compare.compare_frames(a, {"frames": bad}))

    def test_inlined_copies_in_a_tail_caller(self):
        a = stop(frame("f", 0x1010), frame("g", 0x1018, kind="tailcall"), frame("main", 0x1020))
        b = {"frames": [ours("f", 0x10), ours("g", 0x18, inlined=True), ours("h", 0x18, tailcall=True, line=9),
                        ours("main", 0x20)]}
        self.assertIsNotNone(compare.compare_frames(a, b))
        a["frames"][1]["within"] = ["h"]
        self.assertIsNone(compare.compare_frames(a, b))
        b["frames"][2]["function"] = "x"
        self.assertIsNotNone(compare.compare_frames(a, b))

    def test_tail_callers_that_gdb_gives_up_looking_for(self):
        a = stop(frame("f", 0x1010), frame("main", 0x1020))
        b = {"frames": [ours("f", 0x10), ours("h", 0x14, inlined=True), ours("g", 0x14, tailcall=True),
                        ours("main", 0x20)]}
        self.assertIsNotNone(compare.compare_frames(a, b))
        a["abandoned"] = 1
        self.assertIsNone(compare.compare_frames(a, b))
        b["frames"][1:1] = [ours("e", 0x11)]
        self.assertIsNotNone(compare.compare_frames(a, b))


class LineTable(unittest.TestCase):
    text = """
File name      Line number    Starting address    View    Stmt
a.c                     10              0x1000               x
a.c                      0              0x1008
a.c                     11              0x1010       1       x
a.c                      -              0x1020

b.c                      5              0x1020               x
b.c                      -              0x1030
"""

    def test_rows(self):
        rows = line_table.parse(self.text)
        self.assertEqual([line_table.has_no_source(rows, at) for at in
                          (0xfff, 0x1000, 0x1007, 0x1008, 0x100f, 0x1010, 0x1020, 0x102f, 0x1030)],
                         [True, False, False, True, True, False, False, False, True])
        self.assertFalse(line_table.has_no_source([], 0x1000))


class Values(unittest.TestCase):
    def tally(self, theirs, mine, again=None):
        a = stop(frame("f", 0x1010, [variable("v", theirs)]))
        b = stop(frame("f", 0x1010, [variable("v", again or theirs)]))
        return compare.compare_values(a, b, {"frames": [ours("f", 0x10, mine)]}, "p")

    def test_same(self):
        self.assertEqual(self.tally({"t": "5"}, [shown("v", "5")]).classes, {"same": 1})

    def test_different(self):
        self.assertEqual(self.tally({"t": "5"}, [shown("v", "6")]).classes, {"different": 1})

    def test_absent(self):
        self.assertEqual(self.tally({"t": "5"}, []).classes, {"absent": 1})

    def test_missing_has_its_reason(self):
        tally = self.tally({"t": "5"}, [shown("v", "<not saved>", status="not_saved")])
        self.assertEqual((tally.classes, tally.reasons), ({"missing": 1}, {"missing: not_saved": 1}))

    def test_vector_and_late_are_their_own(self):
        vector = self.tally({"t": "5"}, [shown("v", "<...>", status="vector_register")])
        late = self.tally({"t": "5"}, [shown("v", "6", late=True)])
        self.assertEqual((vector.classes, late.classes), ({"vector": 1}, {"late_different": 1}))
        self.assertEqual((vector.judged, late.judged), (0, 0))

    def test_a_guess_of_gdb_is_no_measure_but_no_excuse(self):
        guess = {"t": "5", "how": "clobbered"}
        missing = self.tally(guess, [shown("v", "<not saved>", status="not_saved")])
        self.assertEqual((missing.classes, missing.judged), ({"clobbered_missing": 1}, 0))
        self.assertEqual(self.tally(guess, [shown("v", "5")]).classes, {"clobbered_same": 1})
        self.assertEqual(self.tally(guess, [shown("v", "6")]).classes, {"different": 1})
        self.assertEqual(self.tally(guess, []).classes, {"absent": 1})

    def test_an_entry_value_that_gdb_gets_wrong(self):
        self.assertEqual(self.tally({"t": "5", "how": "inline_entry"}, [shown("v", "6")]).classes,
                         {"inline_entry_different": 1})
        self.assertEqual(self.tally({"t": "5", "how": "unset_frame"}, [shown("v", "6")]).classes,
                         {"unset_frame_different": 1})
        corrected = {"t": "6", "how": "corrected", "wrong": "5"}
        self.assertEqual(self.tally(corrected, [shown("v", "6")]).classes, {"same": 1})
        self.assertEqual(self.tally(corrected, [shown("v", "5")]).classes, {"different": 1})

    def test_unstable_is_left_out(self):
        self.assertEqual(self.tally({"t": "5"}, [shown("v", "7")], again={"t": "6"}).classes, {"unstable": 1})

    def test_what_differs_from_run_to_run_is_set_aside(self):
        first, again = self.tally({"t": "5"}, [shown("v", "6")]), self.tally({"t": "5"}, [shown("v", "7")])
        first.set_unsteady_aside(again)
        self.assertEqual((first.get("different"), first.get("unsteady")), (0, 1))
        steady = self.tally({"t": "5"}, [shown("v", "6")])
        steady.set_unsteady_aside(self.tally({"t": "5"}, [shown("v", "6")]))
        self.assertEqual((steady.get("different"), steady.get("unsteady")), (1, 0))

    def test_a_third_run_of_gdb_decides(self):
        def unsteady():
            tally = self.tally({"t": "5"}, [shown("v", "6")])
            tally.set_unsteady_aside(self.tally({"t": "5"}, [shown("v", "7")]))
            return tally
        stops = [stop(frame("f", 0x1010, [variable("v", {"t": text})])) for text in "58"]
        alike, apart = unsteady(), unsteady()
        alike.set_unstable_aside(stops[0], stops[0])
        apart.set_unstable_aside(*stops)
        self.assertEqual((alike.get("unsteady"), alike.get("unstable")), (1, 0))
        self.assertEqual((apart.get("unsteady"), apart.get("unstable")), (0, 1))

    def test_a_string_whose_rest_begins_within_a_character(self):
        ours_text = '0x10 "a", <incomplete sequence \\351> <process gone>'
        for theirs in ('0x10 "a\\351b"', '0x10 "a\u9999b"'):
            self.assertEqual(self.tally({"t": theirs}, [shown("v", ours_text)]).classes, {"late_missing": 1})
        for theirs in ('0x10 "ab"', '0x10 "a"', '0x10 "b\\351"', '0x11 "a\\351"'):
            self.assertEqual(self.tally({"t": theirs}, [shown("v", ours_text)]).classes, {"different": 1})
        alone = '0x10 <incomplete sequence \\351> <process gone>'
        self.assertEqual(self.tally({"t": '0x10 "\\351b"'}, [shown("v", alone)]).classes, {"late_missing": 1})
        self.assertEqual(self.tally({"t": '0x10 "b"'}, [shown("v", alone)]).classes, {"different": 1})

    def test_optimized_out_is_not_a_value(self):
        theirs = {"x": "optimized_out", "t": "<optimized out>"}
        gone = self.tally(theirs, [shown("v", "<optimized out>", status="optimized_out")])
        self.assertEqual(gone.classes, {"not_printed": 1})
        self.assertEqual(self.tally(theirs, [shown("v", "5")]).classes, {"extra": 1})

    def test_leaves_of_structures(self):
        theirs = {"c": [["x", {"t": "1"}], ["", {"c": [["y", {"t": "2"}]]}], ["a", {"c": [["[0]", {"t": "3"}]]}]]}
        mine = shown("v", "{...}", children=[
            shown("x", "1"), {"status": "ok", "children": [shown("y", "2")], "text": "{y = 2}"},
            shown("a", "{3}", children=[shown("[0]", "3")])])
        self.assertEqual(self.tally(theirs, [mine]).classes, {"same": 3})
        wrong = copy.deepcopy(mine)
        wrong["children"][2]["children"][0]["text"] = "4"
        self.assertEqual(self.tally(theirs, [wrong]).classes, {"same": 2, "different": 1})

    def test_runs_of_equal_elements(self):
        theirs = {"c": [["[%d]" % i, {"t": "0"}] for i in range(12)]}
        mine = shown("v", "{0 <repeats 12 times>}", children=[shown("[0]", "0", repeats=12)])
        self.assertEqual(self.tally(theirs, [mine]).classes, {"same": 12})

    def test_a_missing_structure_misses_each_leaf(self):
        theirs = {"c": [["x", {"t": "1"}], ["y", {"t": "2"}]]}
        self.assertEqual(self.tally(theirs, [shown("v", "<not captured>", status="not_captured")]).classes,
                         {"missing": 2})

    def test_a_pointee_is_not_a_member(self):
        mine = shown("v", "0x10", children=[dict(shown(None, "{x = 1}"), kind="pointee")])
        self.assertEqual(self.tally({"t": "0x10"}, [mine]).classes, {"same": 1})

    def test_a_string_that_could_not_be_read(self):
        tally = self.tally({"t": '0x10 "a"'}, [shown("v", "0x10 <not resident>")])
        self.assertEqual(tally.reasons, {"missing: string: not resident": 1})
        self.assertEqual(self.tally({"t": '0x10 "a"'}, [shown("v", "0x11 <not resident>")]).classes, {"different": 1})
        self.assertEqual(self.tally({"t": '0x10 "ab"'}, [shown("v", '0x10 "a" <process gone>')]).classes,
                         {"late_missing": 1})
        self.assertEqual(self.tally({"t": '0x10 "ab"'}, [shown("v", '0x10 "b" <process gone>')]).classes,
                         {"different": 1})
        self.assertEqual(self.tally({"t": "0x10"}, [shown("v", "0x11 <not resident>")]).classes, {"different": 1})

    def test_the_number_in_the_json_counts_too(self):
        theirs = {"t": "5 'a'", "i": "5"}
        self.assertEqual(self.tally(theirs, [shown("v", "5 'a'", value=5)]).classes, {"same": 1})
        self.assertEqual(self.tally(theirs, [shown("v", "5 'a'", value=6)]).classes, {"different": 1})
        theirs = {"t": "0x10", "i": "16"}
        self.assertEqual(self.tally(theirs, [shown("v", "0x10", value="0x10", pointer="0x10")]).classes, {"same": 1})
        self.assertEqual(self.tally(theirs, [shown("v", "0x10", pointer="0x11")]).classes, {"different": 1})

    def test_shadowed_names_pair_in_order(self):
        a = stop(frame("f", 0x1010, [variable("i", {"t": "1"}), variable("i", {"t": "2"})]))
        good = {"frames": [ours("f", 0x10, [shown("i", "1"), shown("i", "2")])]}
        bad = {"frames": [ours("f", 0x10, [shown("i", "2"), shown("i", "1")])]}
        self.assertEqual(compare.compare_values(a, a, good, "p").classes, {"same": 2})
        self.assertEqual(compare.compare_values(a, a, bad, "p").classes, {"different": 2})


class Tap(unittest.TextTestResult):
    number = 0

    def line(self, verdict, test, why=""):
        Tap.number += 1
        print("%s %d - comparer: %s" % (verdict, Tap.number, test.id().split(".", 1)[1]))
        if why:
            print("\n".join("# " + line for line in why.splitlines()))

    def addSuccess(self, test):
        self.line("ok", test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.line("not ok", test, self._exc_info_to_string(err, test))

    addError = addFailure


if __name__ == "__main__":
    unittest.main(testRunner=unittest.TextTestRunner(resultclass=Tap, stream=sys.stderr, verbosity=0))
