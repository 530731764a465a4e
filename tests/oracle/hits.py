#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Places are judged too: how often snapline's probes of a line are hit, against gcov's count of the line.

usage: hits.py [--seed N] [--lines N] [--only TEXT]
Programs are built with --coverage, so the very binary that is probed also counts. All lines that gcov knows,
also those never executed, take part in the draw. At -O0 each count must be equal. At -O2 the compiler
drops, merges and moves lines; the report says how many counts are equal, and at least 4 of 5 must be.
Writes build/oracle/hits.txt.
"""
import argparse
import glob
import json
import os
import random
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import corpus
import gcov_flow
from oracle import SNAPLINE

EQUAL_AT = {"O0": 1.0, "O2": 0.8}


def steering(source, word):
    with open(source) as file:
        for line in list(file)[:8]:
            if line.startswith("// %s: " % word):
                return line.split(": ", 1)[1].split()
    return []


def programs():
    for source in sorted(glob.glob(os.path.join(corpus.TOP, "tests", "targets", "*.c"))):
        with open(source) as file:
            head = [line.strip() for line in list(file)[:8]]
        # A library's coverage data is a file of another module: executables only.
        if "// corpus" in head and not steering(source, "library"):
            yield os.path.basename(source)[:-2], source


def build(name, source, option):
    """The program, built with coverage into a folder of its own."""
    folder = os.path.join(corpus.TOP, "build", "targets", "cov-" + option, name)
    os.makedirs(folder, exist_ok=True)
    for old in glob.glob(os.path.join(folder, "*.gc*")):
        os.unlink(old)
    parts = [os.path.join(corpus.TOP, "tests", "targets", part) for part in steering(source, "sources")]
    path = os.path.join(folder, name)
    subprocess.run(["gcc", "-" + option, "-g", "--coverage", "-o", path, source, *parts,
                    *steering(source, "flags")], cwd=folder, check=True)
    return folder, path


def gcov_counts(folder, path):
    """{(file, line): the counts that are right}, of one run: gcov's figure, and what its graph says (gcov_flow.py)."""
    subprocess.run([path], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, timeout=60)
    executions = gcov_flow.executions(folder)
    return {key: {figure, executions.get(key, figure)} for key, figure in gcov_flow.figures(folder).items()}


def snapline_hits(path, places):
    """({place: hits}, what went wrong): a condition that is always false, so each hit is only counted."""
    run = subprocess.run([SNAPLINE, "snap", "-f", "json", "-n", "0", "--rate", "0", "-d", "60s", "--if", "0",
                          "--max-overhead", "none", "-x", path, *places, "--", path], cwd=os.path.dirname(path),
                         stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=120)
    hits = {}
    for line in (run.stdout + "\n" + run.stderr).splitlines():
        at = line.find('{"event":"summary"')
        if at >= 0:
            summary = json.loads(line[at:])
            if "probe" in summary:
                hits[summary["probe"]] = summary["hits"]
    return hits, "exit status %d: %s" % (run.returncode, " ".join(run.stderr.split())[:300])


def judge(name, source, option, options):
    """[(place, gcov's counts, our hits or None, remark, verdict)]."""
    folder, path = build(name, source, option)
    counts = gcov_counts(folder, path)
    rng = random.Random("%s %s %s" % (options.seed, name, option))
    rows_of = corpus.line_rows(path)
    lines = sorted(counts)
    rng.shuffle(lines)
    rows = []
    for file, line in lines[:options.lines]:
        place = "%s:%d" % (file, line)
        hits, said = snapline_hits(path, [place])
        has_rows = any(os.path.basename(name) == file and number == line for name, number in rows_of)
        verdict = verdict_of(counts[(file, line)], hits.get(place), said, has_rows)
        rows.append((place, counts[(file, line)], hits.get(place), said, verdict))
    return rows


def verdict_of(wanted, hits, remark, has_rows):
    """equal; gone: the line table has no row of the line, and snapline says that there is no code."""
    if hits is not None:
        return "equal" if hits in wanted else "UNEQUAL"
    if "exit status 4" in remark and not has_rows:
        return "gone"
    return "refused" if "no probe at" in remark else "UNEQUAL"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", default=os.environ.get("SEED") or str(int(time.time())))
    parser.add_argument("--lines", type=int, default=4)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    print("# seed %s" % options.seed, flush=True)
    report, failed, number = [], False, 0
    for option, least in EQUAL_AT.items():
        tally = {"equal": 0, "UNEQUAL": 0, "gone": 0, "refused": 0}
        for name, source in programs():
            if options.only not in name:
                continue
            for place, wanted, hits, remark, verdict in judge(name, source, option, options):
                tally[verdict] += 1
                counts = " or ".join(str(count) for count in sorted(wanted))
                report.append("%-8s %s %-10s %-22s gcov %8s, ours %8s%s" % (
                    verdict, option, name, place, counts, hits, "" if hits is not None else "  " + remark))
        judged = tally["equal"] + tally["UNEQUAL"]
        number += 1
        passed = judged > 0 and tally["equal"] >= least * judged and tally["refused"] <= 0.1 * judged
        failed = failed or not passed
        print("%s %d - hits at -%s: %d of %d lines as gcov counts them (%d have no code, %d refused)" % (
            "ok" if passed else "not ok", number, option, tally["equal"], judged, tally["gone"], tally["refused"]),
            flush=True)
        if not passed:
            print("\n".join("# " + row for row in report if row.split()[:2] == ["UNEQUAL", option]))
    with open(os.path.join(corpus.WORK, "hits.txt"), "w") as file:
        file.write("seed %s\n" % options.seed + "\n".join(report) + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
