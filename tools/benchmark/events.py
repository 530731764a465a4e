# SPDX-License-Identifier: BSD-2-Clause
"""Events a second into a file, while a program does nothing but hit the probe: it and snapline on one CPU, and on two.
What doesn't get through is dropped, and counted."""
import os
import statistics
import sys
import tempfile
import time

from .rounds import Wrong
from .targets import Pace, Spin
from .tools import Snapline

SECONDS, MOST_ROUNDS = 1, 3
PIECE = Pace(1, 2000, 0)


class Pinned(Snapline):
    """With the target on the same CPUs."""

    cpus, tail = (), 1 << 20

    def launch(self, section):
        process, out = super().launch(section)
        for pid in (process.pid, section.pid):
            os.sched_setaffinity(pid, self.cpus)
        return process, out

    def count(self, section, text):
        return self.summary(text)


def arms(folder):
    records = os.path.join(folder, "records")
    return [Pinned("log, as JSON", "log", "--rate", "0", "-n", "0", "{place}", "i={{i}}"),
            Pinned("snap, as JSON", "snap", "--rate", "0", "-n", "0", "{place}"),
            Pinned("snap, records too (-o)", "snap", "--rate", "0", "-n", "0", "-o", records, "{place}")]


def once(arm, section):
    """(hits a second, events a second until the last is written, share that was dropped)"""
    handle = arm.start(section)
    begin = now = time.monotonic()
    while now < begin + SECONDS:
        section.ask(section.process, PIECE)
        section.answer(section.process)
        now = time.monotonic()
    summary = arm.stop(section, handle)
    return (summary["hits"] / (now - begin), summary["emitted"] / (time.monotonic() - begin),
            summary["buffer_full"] / summary["hits"])


def row(arm, section, cpus, rounds):
    arm.cpus = set(cpus)
    head = [arm.name, str(len(cpus))]
    print("\revents: %-30s %d CPUs" % (arm.name, len(cpus)), end="", file=sys.stderr, flush=True)
    try:
        figures = [once(arm, section) for _ in range(rounds)]
    except Wrong as why:
        return head + ["-", "-", "no figure: %s" % why]
    hits, events, dropped = (statistics.median(each) for each in zip(*figures))
    return head + ["%.0f" % hits, "%.0f" % events, "%.1f %%" % (100 * dropped)]


def show(report, rounds):
    cpus, rows, rounds = sorted(os.sched_getaffinity(0)), [], min(rounds, MOST_ROUNDS)
    section = Spin("emulated", PIECE, "", None, [])
    try:
        with tempfile.TemporaryDirectory(prefix="snapline-bench-") as folder:
            for arm in arms(folder):
                for some in (cpus[:1], cpus[:2]):
                    rows.append(row(arm, section, some, rounds))
        print(file=sys.stderr)
    finally:
        section.close()
    report.section("Events a second")
    report.table(["instrument", "CPUs", "hits/s", "events/s", "dropped, and told"], rows)
    report.say("\nThe program hits the probe all the time, and shares the CPUs with snapline. Medians of %d runs of "
               "%d s of hits; events/s include the time until all is written." % (rounds, SECONDS))
