#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""gdb is the judge: snapshots at places drawn by a seed, compared with what gdb prints there.

usage: oracle.py [--seed N] [--places N] [--cells N] [--only TEXT] [--jobs N] [--place CELL:MODULE:0xADDR:SKIP]
  --places   drawn in each small cell (default 4); real programs get 15 times as many
  --cells    draw that many cells only, always with the real programs (default: all)
  --only     cells whose name contains TEXT
The seed comes from the environment's SEED, else from the time; it is printed, and repeats a run exactly.
Writes build/oracle/report.txt and report.json. README.md here says what is compared and what is forgiven.
"""
import argparse
import concurrent.futures
import json
import os
import random
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
import compare
import corpus
import world

SNAPLINE = os.path.join(corpus.TOP, "build", "snapline")
ELEMENTS = 32
REAL = ("sqlite3", "redis")
OVERALL, EACH_CELL = 0.99, 0.97
UNSTEADY = 1 / 2000  # of the values judged, at most, may be bytes that no two runs have alike
THREAD_RUNS, THREADS_APART = 4, 1 << 16
DIAGNOSTICS, DIAGNOSTIC_WIDTH = 40, 600  # lines of a failed run's output, characters of one
print_lock = threading.Lock()


def say(text):
    with print_lock:
        print("# " + text, flush=True)


# ---------------------------------------------------------------------------------------------------
# The draw

def draw(cell, wanted, seed):
    """Places {id, module, source, address, skip}: lines are drawn first, then a row of the line, then a hit.

    Each line has numbers of its own, so that a line more or a count more changes no other draw.
    """
    lines = {}
    for module, source, line, address, count in corpus.reached(cell):
        lines.setdefault((module, source, line), []).append((address, count))
    drawn = []
    for (module, source, line), rows in lines.items():
        rng = random.Random("%s %s %s %s:%d" % (seed, cell.name, os.path.basename(module), source, line))
        drawn.append((rng.random(), rng, module, "%s:%d" % (source, line), sorted(rows)))
    places, seen = [], set()
    for _, rng, module, source, rows in sorted(drawn, key=lambda entry: entry[0]):
        if len(places) == wanted:
            break
        address, count = rng.choice(rows)
        skip = rng.randrange(min(count, corpus.REACH_CAP))
        if (module, address) in seen:
            continue
        seen.add((module, address))
        places.append({"id": "%s:%s:%s:%d" % (cell.name, os.path.basename(module), address, skip), "module": module,
                       "source": source, "address": address, "skip": skip})
    return places


# ---------------------------------------------------------------------------------------------------
# The two sides

def run_gdb(cell, places, tag):
    """{id: stop} of one gdb run over all places of a cell."""
    if not places:
        return {}
    base = os.path.join(corpus.WORK, "gdb", cell.slug + "." + tag)
    os.makedirs(os.path.dirname(base), exist_ok=True)
    done, arguments = cell.prepare()
    with open(base + ".job", "w") as file:
        json.dump({"program": cell.path, "arguments": arguments, "environment": cell.environment,
                   "places": places, "elements": ELEMENTS, "out": base + ".json"}, file)
    with open(base + ".out", "w") as out:
        try:
            subprocess.run(["env", "-i", "ORACLE_JOB=" + base + ".job", "HOME=/nonexistent", "LC_ALL=C.UTF-8",
                            "PATH=/usr/bin:/bin", "gdb", "-nx", "-q", "-batch", "-x",
                            os.path.join(corpus.HERE, "gdb_side.py")],
                           stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, timeout=600)
        except subprocess.TimeoutExpired:
            say("gdb took too long: " + cell.name)
    done()
    try:
        with open(base + ".json") as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}


def snap_command(cell, place, arguments):
    command = ["env", "-i", "setarch", "-R", SNAPLINE, "snap", "--exact", "--regs", "-f", "json", "-n", "1", "--skip",
               str(place["skip"]), "--rate", "0", "-d", "60s", "--max-overhead", "none", "--elements", str(ELEMENTS), "--string",
               str(ELEMENTS), "--frames", "64", "--stack", "64K", "-x", place["module"], "*0x" + place["address"].replace("0x", ""), "--"]
    command += ["env"] + ["%s=%s" % item for item in cell.environment.items()] if cell.environment else []
    return command + [cell.path] + arguments


def run_snapline(cell, place):
    """(snapshot or None, what snapline said)."""
    done, arguments = cell.prepare()
    base = os.path.join(corpus.WORK, "snapline", cell.slug)
    os.makedirs(os.path.dirname(base), exist_ok=True)
    with open(base + ".out", "w+", errors="replace") as out, open(base + ".err", "w+", errors="replace") as err:
        try:
            status = subprocess.run(snap_command(cell, place, arguments), stdin=subprocess.DEVNULL, stdout=out,
                                    stderr=err, timeout=90).returncode
        except subprocess.TimeoutExpired:
            status = "none: took too long"
        done()
        out.seek(0)
        err.seek(0)
        snapshot = None
        for line in out:
            # The program writes to the same place; an event stands at a line's end.
            at = line.find('{"event":"snapshot"')
            if at >= 0 and snapshot is None:
                try:
                    snapshot = json.loads(line[at:])
                except ValueError as error:
                    return None, "the JSON is broken: %s" % error
        said = " ".join(err.read().split())
    return snapshot, "exit status %s: %s" % (status, said[-600:])


# ---------------------------------------------------------------------------------------------------
# One cell, and all of them

class Result:
    def __init__(self, cell):
        self.cell = cell
        self.tally = compare.Tally()
        self.places = self.compared = 0
        self.frame_differences, self.failed, self.refused, self.unstable_places = [], [], [], []
        self.other_threads = []


def is_refusal(said):
    """snapline doesn't probe where that would harm the program, and says so."""
    return said.startswith(("exit status 2", "exit status 4")) and "no probe at 0x" in said


def is_other_thread(stop, snapshot):
    """Threads race: the hit of this number was another's, on another stack."""
    distance = abs(int(snapshot["registers"]["rsp"], 16) - stop["sp"])
    return stop["threads"] > 1 and distance >= THREADS_APART


def snapshot_of(cell, place, stop):
    """(snapshot or None, what snapline said), of the thread that gdb stopped, if it comes first in one of some runs."""
    for _ in range(THREAD_RUNS):
        snapshot, said = run_snapline(cell, place)
        if snapshot is None or not is_other_thread(stop, snapshot):
            break
    return snapshot, said


def judge_cell(cell, places):
    result = Result(cell)
    result.places = len(places)
    first, again = run_gdb(cell, places, "first"), run_gdb(cell, places, "again")
    tallies = []
    for place in places:
        name = "%s skip %d %s (%s)" % (os.path.basename(place["module"]), place["skip"], place["address"],
                                       place["source"])
        stop, stop_again = first.get(place["id"]), again.get(place["id"])
        if not stop or not stop_again or stop["sp"] != stop_again["sp"] or \
                [f["pc"] for f in stop["frames"]] != [f["pc"] for f in stop_again["frames"]]:
            result.unstable_places.append(name)
            continue
        snapshot, said = snapshot_of(cell, place, stop)
        if snapshot is None:
            (result.refused if is_refusal(said) else result.failed).append("%s: %s" % (name, said))
            continue
        if is_other_thread(stop, snapshot):
            result.other_threads.append(name)
            continue
        difference = compare.compare_frames(stop, snapshot)
        if difference:
            result.frame_differences.append("%s: %s (ended: %s; %s)" % (name, difference, snapshot.get("stack_end"), said))
        result.compared += 1
        tally = compare.compare_values(stop, stop_again, snapshot, name)
        if tally.get("different"):
            second, said = snapshot_of(cell, place, stop)
            if second is not None and not is_other_thread(stop, second):
                tally.set_unsteady_aside(compare.compare_values(stop, stop_again, second, name))
        tallies.append((place, tally))
    third = run_gdb(cell, [place for place, tally in tallies if tally.get("unsteady")], "third")
    for place, tally in tallies:
        if place["id"] in third:
            tally.set_unstable_aside(first[place["id"]], third[place["id"]])
        result.tally.merge(tally)
    say("%-28s %2d/%2d places %5d values %6.2f %% same%s" % (
        cell.name, result.compared, result.places, result.tally.judged, 100 * result.tally.ratio,
        "".join(" %d %s" % (len(what), word) for what, word in (
            (result.frame_differences, "frame lists differ"), (result.failed, "failed"), (result.refused, "refused"),
            (result.unstable_places, "unstable"), (result.other_threads, "of another thread")) if what)
        + (" %d DIFFERENT" % result.tally.get("different") if result.tally.get("different") else "")))
    return result


def verdicts(results, total):
    """[(passed, sentence)]."""
    poor = [r.cell.name for r in results if r.tally.ratio < EACH_CELL]
    compared = sum(r.compared for r in results)
    drawn = sum(r.places - len(r.unstable_places) for r in results)
    frames = sum(len(r.frame_differences) for r in results)
    failed = sum(len(r.failed) for r in results)
    refused = sum(len(r.refused) for r in results)
    places = sum(r.places for r in results)
    left_out = sum(len(r.unstable_places) + len(r.other_threads) for r in results)
    return [
        (total.get("different") == 0, "no value differs (%d do)" % total.get("different")),
        (total.get("unsteady") <= total.judged * UNSTEADY,
         "few values differ from run to run of snapline (%d of %d)" % (total.get("unsteady"), total.judged)),
        (total.ratio >= OVERALL, "%.2f %% of gdb's values are printed alike (at least 99 %%)" % (100 * total.ratio)),
        (not poor, "each cell has at least 97 %% (%d of %d have not: %s)" % (len(poor), len(results), ", ".join(poor[:8]))),
        (frames == 0, "all frame lists are equal (%d of %d are not)" % (frames, compared)),
        (failed == 0, "each place that gdb stops at gives a snapshot (%d of %d fail)" % (failed, drawn)),
        (refused <= drawn * 0.05, "few places are refused (%d of %d)" % (refused, drawn)),
        (left_out <= places * 0.05, "few places are left out, as they differ from run to run (%d of %d)" % (left_out, places)),
        (total.get("absent") == 0, "no variable is passed over in silence (%d are)" % total.get("absent")),
        (compared > 0 and total.judged > 0, "something was compared (%d places, %d values)" % (compared, total.judged)),
    ]


def table(title, rows):
    return ["", title] + ["  %7d  %s" % (count, name) for name, count in
                          sorted(rows.items(), key=lambda item: -item[1])] if rows else []


def case_lines(results, kind):
    """The values of a class, a line each."""
    return ["%s %s frame %d %s: %s (%s): gdb %s, ours %s" % (
        r.cell.name, c["place"], c["frame"], c["function"], c["variable"], c["type"], c["gdb"], c["detail"])
        for r in results for c in r.tally.cases if c["kind"] == kind]


def place_lines(results, pick):
    return ["%s: %s" % (r.cell.name, text) for r in results for text in getattr(r, pick)]


def diagnose(results):
    """What may have failed, the gravest first, for who has the output only."""
    lines = [("frame list: ", line) for line in place_lines(results, "frame_differences")]
    lines += [("no snapshot: ", line) for line in place_lines(results, "failed")]
    for kind in ("different", "absent", "unsteady", "missing", "extra"):
        lines += [(kind + ": ", line) for line in case_lines(results, kind)]
    for kind, line in lines[:DIAGNOSTICS]:
        say((kind + line)[:DIAGNOSTIC_WIDTH])
    if len(lines) > DIAGNOSTICS:
        say("and %d more in the report" % (len(lines) - DIAGNOSTICS))


def write_report(seed, results, total, outcome):
    lines = ["oracle: seed %s" % seed, ""]
    lines += ["%s  %s" % ("pass" if passed else "FAIL", text) for passed, text in outcome]
    lines += table("values by class", total.classes)
    lines += table("missing and not printed, by reason", total.reasons)
    lines += table("same after a normalisation", total.normalised)
    lines += ["", "normalisations"] + ["  %s: %s" % item[:2] for item in compare.NORMALISATIONS]
    lines += ["", "gdb was asked for NAME@entry in place of its own wrong value: %d" % total.corrected]
    lines += ["", "%-28s %6s %6s %6s %7s %6s %6s %6s %6s %6s" % ("cell", "places", "values", "same", "%", "miss",
                                                                 "diff", "vector", "late", "guess")]
    for r in results:
        t = r.tally
        lines.append("%-28s %6d %6d %6d %7.2f %6d %6d %6d %6d %6d" % (
            r.cell.name, r.compared, t.judged, t.get("same"), 100 * t.ratio, t.get("missing") + t.get("absent"),
            t.get("different"), t.get("vector"), t.sum("late_"), sum(t.sum(how) for how in ("clobbered_", "inline_entry_", "unset_frame_"))))
    for title, pick in (("frame lists that differ", "frame_differences"), ("failed", "failed"),
                        ("refused", "refused"), ("left out: gdb's two runs differ in the place", "unstable_places"),
                        ("left out: the hit of this number is another thread's", "other_threads")):
        entries = place_lines(results, pick)
        lines += ["", "%s: %d" % (title, len(entries))] + ["  " + entry for entry in entries]
    for kind in ("different", "absent", "missing", "extra", "inline_entry_different", "inline_entry_missing",
                 "unset_frame_different", "unset_frame_missing", "clobbered_missing", "late_different", "late_missing", "unsteady", "unstable"):
        cases = case_lines(results, kind)
        lines += ["", "%s: %d" % (kind, len(cases))] + ["  " + case for case in cases[:400]]
    with open(os.path.join(corpus.WORK, "report.txt"), "w") as file:
        file.write("\n".join(lines) + "\n")
    with open(os.path.join(corpus.WORK, "report.json"), "w") as file:
        json.dump({"seed": seed, "verdicts": outcome, "classes": total.classes, "reasons": total.reasons,
                   "normalised": total.normalised,
                   "cells": {r.cell.name: {"places": r.compared, "classes": r.tally.classes,
                                           "frame_differences": r.frame_differences, "failed": r.failed,
                                           "refused": r.refused, "cases": r.tally.cases} for r in results}}, file)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", default=os.environ.get("SEED") or str(int(time.time())))
    parser.add_argument("--places", type=int, default=4)
    parser.add_argument("--cells", type=int)
    parser.add_argument("--only", default="")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--place", help="one place, as the report names it: CELL:MODULE:0xADDR:SKIP")
    return parser.parse_args()


def choose_cells(options):
    cells = [cell for cell in corpus.cells() if options.only in cell.name]
    if options.cells is not None:
        small = [cell for cell in cells if cell.program not in REAL]
        random.Random("cells %s" % options.seed).shuffle(small)
        cells = small[:options.cells] + [cell for cell in cells if cell.program in REAL]
    return cells


def plan(options):
    """[(cell, its places)]."""
    if options.place:
        name, module, address, skip = options.place.rsplit(":", 3)
        cell = next(cell for cell in corpus.cells() if cell.name == name)
        path = next(path for path in cell.modules if os.path.basename(path) == module)
        return [(cell, [{"id": options.place, "module": path, "source": "?", "address": address, "skip": int(skip)}])]
    return [(cell, draw(cell, options.places * (15 if cell.program in REAL else 1), options.seed))
            for cell in choose_cells(options)]


def main():
    options = parse_arguments()
    world.set_limits()
    say("seed %s (SEED=%s repeats this run)" % (options.seed, options.seed))
    work = plan(options)
    missing = [name for name in REAL if name not in {cell.program for cell, _ in work}]
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        results = list(pool.map(lambda item: judge_cell(*item), work))
    total = compare.Tally()
    for result in results:
        total.merge(result.tally)
    outcome = verdicts(results, total)
    write_report(options.seed, results, total, outcome)
    for number, (passed, text) in enumerate(outcome, 1):
        print("%s %d - oracle: %s" % ("ok" if passed else "not ok", number, text))
    if not options.only and not options.place:
        for name in missing:
            print("ok - oracle: %s # SKIP not built: tools/real-programs says why" % name)
    passed = all(passed for passed, _ in outcome)
    if not passed:
        diagnose(results)
    say("report: build/oracle/report.txt")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
