# SPDX-License-Identifier: BSD-2-Clause
"""Processes that fork, execute, exit and are killed while they are probed, and their threads."""
import os
import random
import signal
import time

from harness import (FAMILY, SNAPLINE, Process, Snap, becomes_true, build, check, check_counts, check_right, copy,
                     family, first_byte, folder, functions, test, unread_by, variable)


@test("two processes of -p, and a third of the same binary is no hit")
def two_of_three():
    a, b, other = family("calls", 20), family("calls", 25), family("calls", 30)
    snap = Snap("-p", "%d,%d" % (a.pid, b.pid), "step").attached()
    for target in (other, a, b):
        target.go()
        target.wait()
    snap.done()
    check_counts(snap, {a.pid: 20, b.pid: 25})
    check_right(snap)


@test("threads: each hit has its thread's number and values")
def threads():
    target = family("threads", 6, 8)
    snap = Snap("-p", target.pid, "step").attached()
    target.go()
    target.wait()
    snap.done()
    check_right(snap, frames=("step", "call_steps", "thread_steps"))
    tids = {}
    for shot in snap.shots:
        tids.setdefault(shot["tid"], []).append(variable(shot, "round"))
    check_counts(snap, {target.pid: 48})
    check("six threads, each in its order", len(tids) == 6 and all(r == sorted(set(r)) for r in tids.values()), tids)


@test("threads go on after the first one ended")
def first_thread_ends():
    target = family("calls", 3, "alone", "pause", 10, "wait", "calls", 7)
    snap = Snap("-p", target.pid, "step").attached()
    target.go()
    target.out.wait_for(r"ready", first=1)
    check("it is noticed", snap.out.wait_for(r'"event":"notice".*first thread'), snap.out.lines)
    target.go()
    target.wait()
    snap.done()
    check("hits but those of a moment, and a notice", snap.by_pid() == {target.pid: 10} and
          any("first thread of process %d has ended" % target.pid in text for text in snap.notices),
          snap.by_pid(), snap.notices)
    check_right(snap, frames=("step",))


@test("threads go on after the first one ended, beside another process")
def first_thread_of_two_ends():
    target, other = family("calls", 3, "alone", "wait", "calls", 7), family("calls", 5, "wait", "calls", 6)
    snap = Snap("-p", "%d,%d" % (target.pid, other.pid), "step").attached()
    for process in (target, other):
        process.go()
        check("it is ready", process.out.wait_for(r"ready", first=1))
    check("it is noticed", snap.out.wait_for(r'"event":"notice".*first thread'), snap.out.lines)
    for process in (target, other):
        process.go()
        process.wait()
    snap.done()
    check_counts(snap, {target.pid: 10, other.pid: 11})
    check_right(snap, frames=("step",))


@test("the second thread ends too, and the third goes on")
def second_thread_ends():
    for before in (True, False):
        words = ("alone", "wait", "calls", 3, "alone", "wait", "calls", 4)
        target = Process(FAMILY, *words) if before else family(*words)
        n = 1 if before else 2
        if before:
            target.ready()
        snap = Snap("-p", target.pid, "step").attached()
        if not before:
            target.go()
            check("it is noticed", snap.out.wait_for(r'"event":"notice".*first thread'), snap.out.lines)
        target.go()
        check("the third is there", target.out.wait_for(r"ready", first=n), target.out.lines)
        target.go()
        target.wait()
        snap.done()
        check_counts(snap, {target.pid: 7})
        check_right(snap, frames=("step",))


@test("a process that loses its first thread costs another one no hit")
def another_loses_its_first():
    for place, n in (("step", 100000), ("family.c:*", 20000)):
        target, other = family("alone", "wait", "calls", 7), family("calls", n)
        counter = Snap("-p", "%d,%d" % (target.pid, other.pid), place, command="count",
                       limits=("--max-overhead", "none")).attached()
        other.go()
        target.go()
        check("it is noticed", counter.out.wait_for(r'"event":"notice".*first thread'), counter.out.lines)
        target.go()
        for process in (target, other):
            process.wait()
        counter.done()
        hits = counter.hits_of("job->round = round;") if place != "step" else counter.summaries[0]["hits"]
        check("every hit once", hits == n + 7, counter.summaries)


@test("many places of a process whose first thread had ended, beside another process")
def headless_listing():
    target, other = Process(FAMILY, "alone", "wait", "calls", 7), family("calls", 5)
    target.ready()
    counter = Snap("-p", "%d,%d" % (target.pid, other.pid), "step:*", command="count",
                   limits=("--max-overhead", "none")).attached()
    for process in (target, other):
        process.go()
        process.wait()
    counter.done()
    check("hits of each line", counter.hits_of("job->round = round;") == 12, counter.out.lines)


@test("a process that has ended, and the budget takes places of the other one out")
def ended_beside_budget():
    for reaped in (True, False):
        gone, target = family("calls", 5), family("threads", 2, 100000, "forever")
        counter = Snap("-p", "%d,%d" % (gone.pid, target.pid), "family.c:*", "-d", "4", command="count",
                       limits=("--max-overhead", "5")).attached()
        gone.popen.kill()
        if reaped:
            gone.wait()
        target.go()
        counter.done()
        target.popen.kill()
        target.wait()
        check("places are taken out, the others stay", any("taken out" in text for text in counter.notices) and
              counter.summaries[0]["seconds"] > 3.5, counter.notices, counter.summaries)


@test("a process whose first thread had ended before")
def first_thread_had_ended():
    target = Process(FAMILY, "alone", "wait", "calls", 7)
    target.ready()
    time.sleep(0.2)
    snap = Snap("-p", target.pid, "step").attached()
    target.go()
    target.wait()
    snap.done()
    check_counts(snap, {target.pid: 7})


@test("fork: the child is left alone without --follow")
def fork_alone():
    target = family("calls", 10, "fork", "calls", 20)
    snap = Snap("-p", target.pid, "step").attached()
    target.go()
    target.wait()
    snap.done()
    check_counts(snap, {target.pid: 10})


@test("fork: the child's copies of the probes are taken out, whatever kind of link they are of")
def fork_cleared():
    for places in (["step"], ["family.c:*"]):
        target = family("calls", 3, "fork", "wait", "calls", 20)
        plain = first_byte(target.pid, FAMILY, "step")
        counter = Snap("-p", target.pid, *places, command="count", limits=("--max-overhead", "none")).attached()
        probed = first_byte(target.pid, FAMILY, "step")
        target.go()
        child = int(target.out.wait_for(r"ready (\d+)", first=1).group(1))
        check("its code is as it was", becomes_true(lambda: first_byte(child, FAMILY, "step") == plain) and
              plain != probed, probed, plain)
        check("the parent's is probed", first_byte(target.pid, FAMILY, "step") == probed)
        target.go()
        target.wait()
        counter.done()


@test("fork, vfork and exec: descendants count with --follow")
def fork_followed():
    target = family("calls", 10, "fork", "calls", 15, "vfork", "calls", 5, "exec", FAMILY, "calls", 6, "fork",
                    "threads", 3, 4)
    snap = Snap("-p", target.pid, "--follow", "step").attached()
    target.go()
    target.wait()
    snap.done()
    check_counts(snap, {pid: n for pid, n in target.counted().items() if n})
    check("all of them", snap.summaries[0]["hits"] == 10 + 15 + 5 + 6 + 12, snap.summaries)
    check_right(snap, frames=("step",))


@test("a session that follows goes on while a descendant lives")
def parent_leaves():
    target = family("calls", 2, "leave", "pause", 1500, "calls", 9)
    snap = Snap("-p", target.pid, "--follow", "step").attached()
    target.go()
    target.popen.wait()
    snap.done()
    target.wait()
    check_counts(snap, target.counted())
    check("the child's hits too", snap.summaries[0]["hits"] == 11, snap.by_pid())
    check_right(snap)


@test("a command that leaves a descendant behind is followed too")
def command_leaves():
    snap = Snap("step", "--", FAMILY, "calls", 2, "leave", "pause", 1000, "calls", 9).done()
    check("hits", sorted(snap.by_pid().values()) == [2, 9], snap.by_pid())


def executed(path, again):
    """Calls before and after an exec; libraries and stack lie elsewhere after it."""
    target = family("calls", 4, "exec", again, "wait", "calls", 5, "pause", 300, path=path)
    snap = Snap("-p", target.pid, "step").attached()
    target.go()
    check("it is executed", target.out.wait_for(r"ready", first=2), target.out.lines)
    target.go()
    target.wait()
    snap.done()
    return snap, target


@test("exec of the same binary: its maps are read again")
def exec_same():
    fixed = build(os.path.join(folder(), "fixed"), "fixed")
    for path in (FAMILY, fixed):
        snap, target = executed(path, path)
        check_counts(snap, {target.pid: 9})
        check_right(snap)


@test("exec of another binary: hits until then, and the end of the process ends the session")
def exec_other():
    other = copy("other")
    snap, target = executed(FAMILY, other)
    check_counts(snap, {target.pid: 4})
    check_right(snap)


@test("exec of another binary before the first hit: it is told what is executed")
def exec_other_early():
    other = copy("other")
    target = family("exec", other, "wait", "calls", 5)
    snap = Snap("-p", target.pid, "step").attached()
    target.go()
    check("it is executed", target.out.wait_for(r"ready", first=2), target.out.lines)
    check("and told", snap.out.wait_for("process %d executes %s now" % (target.pid, other)), snap.out.lines)
    target.go()
    target.wait()
    snap.done(3)


@test("short lives: all frames of processes that are gone before their record is read")
def short_lives():
    for words in (("calls", 1), ("calls", 1, "fork", "calls", 1, "vfork", "calls", 1)):
        snap = Snap("-x", FAMILY, "step").attached()
        counted = {}
        for _ in range(8):
            target = Process(FAMILY, *words)
            target.wait()
            counted.update(target.counted())
        time.sleep(0.3)
        snap.interrupt().done()
        check_counts(snap, counted)
        check_right(snap)


@test("a process from before that is killed at its hit")
def killed_at_once():
    targets = [family("calls", 1, "kill") for _ in range(6)]
    snap = Snap("-x", FAMILY, "step").attached()
    for target in targets:
        target.go()
        check("killed", target.wait() == -signal.SIGKILL)
    time.sleep(0.3)
    snap.interrupt().done()
    check("hits", len(snap.by_pid()) == 6, snap.by_pid())
    check_right(snap)


@test("thousands of short lives: all are decoded, in bounded memory")
def many_short_lives():
    target = family("many", 1500)
    snap = Snap("-p", target.pid, "--follow", "step", "--depth", 0, limits=("-n", 0, "--rate", 0)).attached()
    target.go()
    target.wait()
    peak = 0
    while snap.popen.poll() is None:
        try:
            with open("/proc/%d/status" % snap.pid) as file:
                peak = max([peak] + [int(line.split()[1]) for line in file if line.startswith("VmHWM")])
        except OSError:
            break
        time.sleep(0.02)
    snap.done()
    counts = snap.summaries[0]
    check("hits", counts["hits"] == 1500, counts)
    check("memory", peak < (400 << 10) or "/san/" in SNAPLINE, "%d KiB" % peak)  # ASan keeps what is freed
    for shot in snap.shots:
        names = functions(shot)
        check("frames", names[:2] == ["step", "call_steps"] and any("__libc_start_main" in (n or "") for n in names),
              names, shot["stack_end"])


@test("exec by another thread than the first: the same process goes on")
def thread_executes():
    target = family("calls", 2, "again", "wait", "calls", 3)
    snap = Snap("-p", target.pid, "step").attached()
    target.go()
    check("it is executed", target.out.wait_for(r"ready", first=2), target.out.lines)
    check("it is noticed", snap.out.wait_for(r'"event":"notice".*first thread'), snap.out.lines)
    target.go()
    target.wait()
    snap.done()
    check_counts(snap, {target.pid: 5})
    check_right(snap)


@test("exec by another thread than the first, again and again")
def thread_executes_often():
    rounds = 15
    for _ in range(2):
        target = family(*("again", "wait", "calls", 1) * rounds)
        plain = first_byte(target.pid, FAMILY, "step")
        snap = Snap("-p", target.pid, "step").attached()
        for n in range(rounds):
            target.go()
            check("it is executed", becomes_true(lambda: sum("ready" in line for line in target.out.lines) == n + 2),
                  target.out.lines)
            check("it is probed again", becomes_true(lambda: first_byte(target.pid, FAMILY, "step") != plain), n)
        target.go()
        target.wait()
        snap.done()
        check_counts(snap, {target.pid: rounds})
        check_right(snap)


@test("exec by another thread, while nobody reads what snapline writes")
def thread_executes_unread():
    reader = Process("cat")
    target, other = family("again", "wait", "calls", 3), family("calls", 20000)
    plain = first_byte(target.pid, FAMILY, "step")
    snap = Snap("-p", "%d,%d" % (target.pid, other.pid), "step", through=reader).attached()
    reader.popen.send_signal(signal.SIGSTOP)
    other.go()
    other.wait()
    check("the pipe is full", becomes_true(lambda: unread_by(reader.pid) > 60000))
    target.go()
    check("it is executed", target.out.wait_for(r"ready", first=1), target.out.lines)
    check("it is probed again", becomes_true(lambda: first_byte(target.pid, FAMILY, "step") != plain))
    target.go()
    target.wait()
    reader.popen.send_signal(signal.SIGCONT)
    snap.done()
    check("every hit", snap.summaries[0]["hits"] == 20003, snap.summaries)


@test("too few descriptors: an error that says so, or every hit")
def few_descriptors():
    errors = 0
    for most in range(26, 62, 6):
        targets = [family("calls", 10) for _ in range(8)]
        pids = ",".join(str(target.pid) for target in targets)
        counter = Process("prlimit", "--nofile=%d:%d" % (most, most), SNAPLINE, "count", "-f", "json", "-v",
                          "--max-overhead", "none", "-p", pids, "step")
        attached = counter.out.wait_for(r'"event":"notice".*probes stand')
        for target in targets:
            target.go()
            target.wait()
        status, lines = counter.wait(), counter.out.lines
        if attached:
            check("every hit", any('"event":"summary"' in line and '"hits":80,' in line for line in lines), most, lines)
        else:
            check("the error", status == 1 and any("Too many open files" in line for line in counter.err.lines),
                  most, status, counter.err.lines)
            errors += 1
    check("some are too few, some are enough", 0 < errors < 6, errors)


@test("SIGKILL at random moments: the session ends by itself and the sum holds")
def killed():
    for _ in range(6):
        target = family("threads", 3, 100000000)
        snap = Snap("-p", target.pid, "step", limits=("-n", 0, "--rate", 200)).attached()
        target.go()
        time.sleep(random.uniform(0.05, 0.5))
        target.popen.kill()
        target.wait()
        snap.done()
        check("hits", snap.summaries[0]["hits"] > 0, snap.summaries)
        check_right(snap, frames=("step", "call_steps", "thread_steps"))


@test("a target that ends without a hit: says so, status 3")
def ends_without_hit():
    target = family("calls", 0)
    snap = Snap("-p", target.pid, "step").attached()
    target.go()
    target.wait()
    snap.done(3)
    check("no hit", any("no hit" in line for line in snap.err.lines), snap.err.lines)


@test("processes by name, and the children of those with --follow")
def by_name():
    path = copy("by-name-%d" % os.getpid())
    a, b = family("calls", 3, "fork", "calls", 4, path=path), family("calls", 5, path=path)
    other = family("calls", 9)
    for follow, hits in (((), 8), (("--follow",), 12)):
        if follow:
            a, b = family("calls", 3, "fork", "calls", 4, path=path), family("calls", 5, path=path)
        snap = Snap("--comm", "by-name-*", *follow, "step").attached()
        for target in (a, b):
            target.go()
            target.wait()
        snap.done()
        check("hits", len(snap.shots) == hits, snap.by_pid())
        check_right(snap)
    other.go()
    other.wait()
