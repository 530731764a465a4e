# SPDX-License-Identifier: BSD-2-Clause
"""From the command to the first probe, and the memory that takes, on small and on large debug information."""
import os
import statistics
import subprocess
import sys
import tempfile
import time

from .others import Bpftrace, Gdb
from .rounds import Wrong
from .targets import Section, offset_of, symbol
from .tools import Snapline, end

LIMIT_SECONDS, POLL_SECONDS = 60, 0.001
MOST_ROUNDS = 5


class Idle(Section):
    """A program that waits, and is never hit."""

    def __init__(self, path, function, condition, *words):
        super().__init__(path, None, [])
        self.symbol = self.place = function
        self.condition = condition
        self.address = symbol(self.file, function)
        self.offset = offset_of(self.file, self.address)
        self.bpftrace_at = "%s:%s" % (self.file, function)
        self.name = os.path.basename(path)
        self.folder = tempfile.TemporaryDirectory(prefix="snapline-bench-")
        self.process = subprocess.Popen([self.file, *words], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                        cwd=self.folder.name)
        self.pid = self.process.pid

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()


def family(pid):
    """It and its descendants."""
    with open("/proc/%d/task/%d/children" % (pid, pid)) as children:
        return [pid] + [each for child in children.read().split() for each in family(int(child))]


def peak_kib(pid):
    total = 0
    for each in family(pid):
        with open("/proc/%d/status" % each) as status:
            total += next((int(line.split()[1]) for line in status if line.startswith("VmHWM:")), 0)
    return total


def once(arm, target):
    """(seconds, MiB)"""
    begin = time.monotonic()
    process, out = arm.launch(target)
    try:
        while not target.is_probed():
            if process.poll() is not None or time.monotonic() - begin > LIMIT_SECONDS:
                raise Wrong("no probe within %d s" % LIMIT_SECONDS)
            time.sleep(POLL_SECONDS)
        return time.monotonic() - begin, peak_kib(process.pid) / 1024
    finally:
        arm.finish(process, out)


def targets():
    port = str(30000 + os.getpid() % 10000)
    return [Idle("build/tools/spin", "emulated", "i < 0"),
            Idle("build/real/redis/redis-server", "processCommand", "c->argc > 1000", "--port", port, "--save", ""),
            Idle("build/real/sqlite3", "sqlite3VdbeExec", "p->nOp > 1000000000")]


def arms(target, newest_bpftrace):
    condition = ["--exact", "--if", target.condition, "{place}"]
    script = "uprobe:{at} { @ = count(); }"
    return [Snapline("snapline snap --if", "snap", *condition),
            Snapline("snapline count --if", "count", *condition),
            Bpftrace("bpftrace, no condition", script),
            Bpftrace("newest bpftrace, no condition", script, program=newest_bpftrace),
            Gdb("gdb, conditional breakpoint", "break {at} if %s" % target.condition, None)]


def cell(figures):
    if isinstance(figures, str):
        return "no figure: " + figures
    return "%.2f s, %.0f MiB" % tuple(statistics.median(each) for each in zip(*figures))


def measured(arm, target, rounds):
    try:
        return [once(arm, target) for _ in range(rounds)]
    except Wrong as why:
        return str(why)


def show(report, rounds, newest_bpftrace):
    every, rows, rounds = targets(), {}, min(rounds, MOST_ROUNDS)
    time.sleep(0.5)
    try:
        for target in every:
            for arm in arms(target, newest_bpftrace):
                print("\rstarting: %-20s %-40s" % (target.name, arm.name), end="", file=sys.stderr, flush=True)
                rows.setdefault(arm.name, []).append(cell(measured(arm, target, rounds)))
        print(file=sys.stderr)
        sizes = ["%s (%.1f MB)" % (target.name, os.path.getsize(target.file) / 1e6) for target in every]
    finally:
        for target in every:
            target.close()
    report.section("From the command to the first probe, and the peak memory of the tool until then")
    report.table(["tool"] + sizes, [[name] + cells for name, cells in rows.items()])
    report.say("\nMedians of %d runs on files that are cached; the size is the program's with its debug information."
               % rounds)
