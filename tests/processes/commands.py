# SPDX-License-Identifier: BSD-2-Clause
"""`-- COMMAND`: how it starts and ends, and what becomes of signals and of standard input."""
import os
import signal
import subprocess
import time

from harness import FAMILY, SNAPLINE, TOP, Process, Snap, check, check_right, family, folder, test


def ends_soon(pid):
    until = time.time() + 20
    while os.path.exists("/proc/%d" % pid) and time.time() < until:
        time.sleep(0.05)
    return not os.path.exists("/proc/%d" % pid)


@test("a command: hits from its first instruction on")
def command():
    snap = Snap("step", "--", FAMILY, "calls", 4, "fork", "calls", 3, "exec", FAMILY, "calls", 2).done()
    check("hits", sorted(snap.by_pid().values()) == [4, 5] and snap.by_pid() == snap.counted(), snap.by_pid(),
          snap.counted())
    check_right(snap, frames=("step", "main", "__libc_start"))


@test("a command that ends at once without a hit: status 3")
def command_without_hit():
    snap = Snap("step", "--", FAMILY).done(3)
    check("no hit", any("no hit" in line for line in snap.err.lines), snap.err.lines)


@test("a command that can't be run: status 4")
def command_not_run():
    where = folder()
    with open(os.path.join(where, "broken"), "w") as file:
        file.write("#!/no/such/interpreter\n")
    os.chmod(os.path.join(where, "broken"), 0o755)
    with open(os.path.join(where, "data"), "w") as file:
        file.write("no program")
    for name in ("broken", "data", "nothing", ""):
        snap = Snap("-x", FAMILY, "step", "--", os.path.join(where, name))
        check("status 4 of %r" % name, snap.wait() == 4, snap.err.lines)
        check("its name", any(os.path.join(where, name) in line for line in snap.err.lines), snap.err.lines)


@test("a command that is a script: places of what it starts")
def script():
    path = os.path.join(folder(), "script")
    with open(path, "w") as file:
        file.write("#!/bin/sh\n%s calls 2\n%s calls 3\n" % (FAMILY, FAMILY))
    os.chmod(path, 0o755)
    snap = Snap("-x", FAMILY, "step", "--", path).done()
    check("hits", snap.by_pid() == snap.counted() and sorted(snap.by_pid().values()) == [2, 3], snap.by_pid())
    check_right(snap)


@test("a command that is killed: its hits, and what became of it")
def command_killed():
    snap = Snap("step", "--", FAMILY, "calls", 2, "kill").done()
    check("hits", len(snap.shots) == 2, snap.by_pid())
    check("it says so", any("signal 9" in line for line in snap.err.lines), snap.err.lines)


@test("a command reads snapline's standard input and writes to its output")
def command_input():
    snap = Snap("step", "--", FAMILY, "wait", "calls", 3)
    check("it is ready", snap.out.wait_for(r"^ready"), snap.out.lines)
    snap.go()
    snap.done()
    check("hits", len(snap.shots) == 3, snap.by_pid())


@test("Ctrl-C ends the session with its summary, while hits rain too")
def ctrl_c():
    for limits in (("-n", 0, "--rate", 0), ("-n", 0, "--rate", 1)):
        target = family("threads", 2, 1000000000)
        snap = Snap("-p", target.pid, "step", limits=limits).attached()
        target.go()
        time.sleep(0.7)
        check("it is still there", snap.popen.poll() is None, snap.err.lines)
        asked = time.time()
        snap.interrupt().done()
        check("a summary", len(snap.summaries) == 1 and snap.summaries[0]["hits"] > 0, snap.summaries)
        check("soon", time.time() - asked < 20)
        check("the target lives", target.popen.poll() is None)
        target.popen.kill()
        target.wait()


@test("a closed terminal ends the session with its summary; under nohup it goes on")
def hangup():
    # Who runs the tests under nohup has it ignored, and programs inherit that.
    for prefix in ((), ("nohup",)):
        target = family("forever")
        snap = Snap("-p", target.pid, "step", prefix=prefix, limits=("-n", 0, "--rate", 5),
                    preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL)).attached()
        target.go()
        check("hits come", snap.out.wait_for('"event":"snapshot"'), snap.out.lines, snap.err.lines)
        snap.popen.send_signal(signal.SIGHUP)
        if prefix:
            seen = len(snap.out.lines)
            check("more come", snap.out.wait_for('"event":"snapshot"', first=seen), snap.out.lines, snap.err.lines)
            snap.interrupt()
        snap.done()
        check("a summary", len(snap.summaries) == 1 and snap.summaries[0]["emitted"] > 0, snap.summaries)
        target.popen.kill()
        target.wait()


@test("Ctrl-C from the terminal reaches command and snapline")
def ctrl_c_of_group():
    # Who runs the tests in the background has it ignored, and programs inherit that.
    snap = Snap("step", "--", FAMILY, "forever", start_new_session=True, limits=("-n", 0, "--rate", 5),
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    check("hits come", snap.out.wait_for('"event":"snapshot"'), snap.out.lines, snap.err.lines)
    os.killpg(snap.pid, signal.SIGINT)
    snap.done()
    check("a summary", len(snap.summaries) == 1 and snap.summaries[0]["emitted"] > 0, snap.summaries)
    check("the command ends", ends_soon(snap.shots[0]["pid"]), snap.shots)


@test("a limit that is reached ends the session while the target goes on")
def limit():
    target = family("forever")
    snap = Snap("-p", target.pid, "step", limits=("-n", 3, "--rate", 0)).attached()
    target.go()
    snap.done()
    check("three", len(snap.shots) == 3, snap.by_pid())
    check("the target lives", target.popen.poll() is None)
    check_right(snap)


@test("processes that are gone, a pid that never was, one of two that is gone")
def gone():
    ended = Process("true")
    ended.wait()
    told = subprocess.run([SNAPLINE, "snap", "-p", str(ended.pid), "step"], capture_output=True, text=True, cwd=TOP)
    check("status 4 and its pid", told.returncode == 4 and str(ended.pid) in told.stderr, told.returncode, told.stderr)
    zombie = Process("true")
    time.sleep(0.2)
    told = subprocess.run([SNAPLINE, "snap", "-p", str(zombie.pid), "step"], capture_output=True, text=True, cwd=TOP)
    check("status 4, it has ended", told.returncode == 4 and "has ended" in told.stderr, told.returncode, told.stderr)
    zombie.wait()


@test("records of all these, replayed without their processes")
def replay():
    path = os.path.join(folder(), "records")
    target = family("calls", 2, "fork", "calls", 1, "exec", FAMILY, "calls", 2)
    snap = Snap("-p", target.pid, "--follow", "step", "-o", path).attached()
    target.go()
    target.wait()
    snap.done()
    again = Process(SNAPLINE, "replay", "-f", "json", path)
    check("replay", again.wait() == 0, again.err.lines)
    said, replayed = ([line for line in p.out.lines if '"event":"snapshot"' in line] for p in (snap, again))
    check("five", len(said) == 5 and len(replayed) == 5, len(said), len(replayed))
    said = [line.replace("process gone", "not captured").replace("process_gone", "not_captured") for line in said]
    for live, later in zip(said, replayed):
        at = next((i for i, (a, b) in enumerate(zip(live, later)) if a != b), None)
        check("the same as live", live == later, at and live[at - 60:at + 60], at and later[at - 60:at + 60])
