# SPDX-License-Identifier: BSD-2-Clause
"""What the process tests share: building and running targets, running snapline, and TAP.

A target (tests/targets/family.c) prints what each of its processes counted itself; a test compares that with the
snapshots and the summary of `snapline snap -f json`.
"""
import array
import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import threading
import time

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
SNAPLINE = os.environ.get("SNAPLINE", os.path.join(TOP, "build", "snapline"))  # build/san/snapline too
FAMILY = os.path.join(TOP, "build", "targets", "family")
LIBRARY = os.path.join(TOP, "build", "targets", "libfamily.so")
CLASSES = ("over_limit", "condition_error", "condition_false", "rate_limited", "buffer_full", "emitted")
SLOW = int(os.environ.get("SLOW", "1"))  # by how much this machine is slower than most
PATIENCE = 40 * SLOW  # seconds until something counts as hanging

tests = []
running = []  # every process that was started here and hasn't been waited for
state = {"n": 0, "failed": 0}


def test(name):
    """Marks a function as the test of a promise."""
    def mark(function):
        tests.append((name, function))
        return function
    return mark


def check(what, good, *shown):
    """Something that has to be true; the rest is printed if it isn't."""
    if not good:
        raise AssertionError("%s%s" % (what, ": " + ", ".join(repr(item)[:1500] for item in shown) if shown else ""))


def becomes_true(look):
    """Whether it does in time."""
    deadline = time.time() + PATIENCE
    while not look():
        if time.time() > deadline:
            return False
        time.sleep(0.02)
    return True


def folder():
    """A new folder that ends with the run."""
    path = tempfile.mkdtemp(dir=state["folder"])
    os.chmod(path, 0o755)
    return path


def build(path, kind):
    """The target in one file: pie, fixed, static or static-pie."""
    subprocess.run(["make", "-s", "--no-print-directory", "build/targets/family." + kind], check=True, cwd=TOP)
    return shutil.copy(FAMILY + "." + kind, path)


def copy(name, path=None):
    """A copy of the target under another name, with its library."""
    path = path or os.path.join(folder(), name)
    shutil.copy(LIBRARY, os.path.dirname(path))
    return shutil.copy(FAMILY, path)


class Output(threading.Thread):
    """Reads a stream to its end, so that nobody waits for room in a pipe."""
    def __init__(self, stream):
        super().__init__(daemon=True)
        self.stream, self.lines, self.changed = stream, [], threading.Condition()
        self.start()

    def run(self):
        for line in self.stream:
            with self.changed:
                self.lines.append(line.rstrip("\n"))
                self.changed.notify_all()

    def wait_for(self, pattern, patience=PATIENCE, first=0):
        """The match in the first line that has it; None if none comes."""
        deadline = time.time() + patience
        with self.changed:
            while True:
                for line in self.lines[first:]:
                    match = re.search(pattern, line)
                    if match:
                        return match
                left = deadline - time.time()
                if left <= 0 or (not self.is_alive() and not self.lines[first:]):
                    return None
                first = len(self.lines)
                self.changed.wait(min(left, 0.5))


class Process:
    """A command with its output, and a line of input to come. What it writes may go through another Process."""
    def __init__(self, *argv, stdin=subprocess.PIPE, through=None, **options):
        self.popen = subprocess.Popen([str(word) for word in argv], stdin=stdin,
                                      stdout=through.popen.stdin if through else subprocess.PIPE,
                                      stderr=subprocess.PIPE, text=True, errors="replace", cwd=TOP, **options)
        running.append(self.popen)
        self.pid = self.popen.pid
        self.out, self.err = through.out if through else Output(self.popen.stdout), Output(self.popen.stderr)
        if through:
            through.popen.stdin.close()

    def ready(self):
        """Waits until it waits; the pid that it sees itself."""
        match = self.out.wait_for(r"^ready (\d+)$")
        check("the target is ready", match, self.out.lines, self.err.lines)
        return int(match.group(1))

    def go(self, text="\n"):
        self.popen.stdin.write(text)
        self.popen.stdin.flush()

    def wait(self, patience=PATIENCE):
        """Its exit status, after its output has been read."""
        try:
            status = self.popen.wait(patience)
        except subprocess.TimeoutExpired:
            status = None
        check("it ends in %d seconds" % patience, status is not None, self.popen.args, self.err.lines[-5:],
              self.out.lines[-2:])
        if self.popen.stdin:
            self.popen.stdin.close()
        self.out.join(2)
        self.err.join(2)
        running.remove(self.popen)
        return status

    def counted(self, what="step"):
        """What it and its descendants counted, by pid."""
        found = {}
        for line in self.out.lines:
            match = re.match(r"count (\d+) .*\b%s (\d+)" % what, line)
            if match:
                found[int(match.group(1))] = found.get(int(match.group(1)), 0) + int(match.group(2))
        return found


def family(*words, path=FAMILY, **options):
    """A target that is ready to go on."""
    target = Process(path, "wait", *words, **options)
    target.inner = target.ready()
    return target


class Snap(Process):
    """snapline snap; `attached` waits until its probes are in place."""
    def __init__(self, *argv, prefix=(), limits=("-n", 0, "--rate", 0, "--max-overhead", "none"), command="snap", **options):
        self.command = command
        super().__init__(*prefix, SNAPLINE, command, "-f", "json", "-v", *limits, *argv, **options)

    def attached(self):
        match = self.out.wait_for(r'"event":"notice".*(probes stand at|no probe stands)')
        check("snapline attaches", match, self.out.lines, self.err.lines)
        return self

    def interrupt(self):
        self.popen.send_signal(signal.SIGINT)
        return self

    def done(self, status=0):
        """Waits for its end, reads its events, and checks what holds for every run."""
        got = self.wait()
        self.read()
        check("exit status %d, not %d" % (status, got), got == status, self.out.lines[-4:], self.err.lines)
        check("no complaint of a sanitizer", not any("Sanitizer" in line for line in self.err.lines), self.err.lines)
        for summary in self.summaries:
            check("the sum holds", summary["hits"] == sum(summary[name] for name in CLASSES), summary)
        if self.command != "snap" or not any(summary["emitted"] != 0 for summary in self.summaries):
            return self
        check("every record is shown", len(self.shots) == sum(s["emitted"] for s in self.summaries),
              len(self.shots), self.summaries)
        return self

    def read(self):
        events = [json.loads(line) for line in self.out.lines if line.startswith('{"event":')]
        self.shots = [event for event in events if event["event"] == "snapshot"]
        self.summaries = [event for event in events if event["event"] == "summary"]
        self.notices = [event["text"] for event in events if event["event"] == "notice"]

    def hits_of(self, text):
        """What `count` says of the line of the target's source that has it."""
        with open(os.path.join(TOP, "tests/targets/family.c")) as source:
            number = next(n for n, line in enumerate(source, 1) if text in line)
        counts = [json.loads(line) for line in self.out.lines if line.startswith('{"event":"count"')]
        return sum(count["hits"] for count in counts if count["place"]["line"] == number)

    def by_pid(self):
        """How many snapshots of which pid."""
        found = {}
        for shot in self.shots:
            found[shot["pid"]] = found.get(shot["pid"], 0) + 1
        return found


def check_counts(snap, wanted):
    """Each process's hits, exactly. A ring that was full (a machine so busy that snapline wasn't run) says so in
    the summary; then the snapshots and those that had no room are together what was counted."""
    full = sum(summary["buffer_full"] for summary in snap.summaries)
    hits, got, total = sum(summary["hits"] for summary in snap.summaries), snap.by_pid(), sum(wanted.values())
    check("hits", hits == total, hits, wanted, got)
    check("hits of each process", got == wanted or (full and sum(got.values()) + full == total and
                                                   all(n <= wanted.get(pid, 0) for pid, n in got.items())),
          got, wanted, snap.summaries)


def functions(shot):
    return [frame["function"] for frame in shot["frames"]]


def variable(shot, name):
    return next(v for v in shot["frames"][0]["variables"] if v["name"] == name).get("value")


def job(shot):
    """What step()'s first argument points to, as a dictionary of values."""
    pointer = next(v for v in shot["frames"][0]["variables"] if v["name"] == "job")
    members = pointer.get("children") or []
    if len(members) == 1 and members[0].get("children"):
        members = members[0]["children"]
    return {member["name"]: member.get("value", member.get("text")) for member in members}


def check_right(snap, inner=None, frames=("step", "main", "__libc_start")):
    """Each snapshot has the values of the very thread that hit, and its frames up to the outermost."""
    for shot in snap.shots:
        values = job(shot)
        check("its own pid and tid", inner or (values.get("pid"), values.get("tid")) == (shot["pid"], shot["tid"]),
              values, shot["pid"], shot["tid"])
        check("its own text", values.get("text", "").strip('"') == "job of %d" % values.get("tid", 0), values)
        names = [name or "??" for name in functions(shot)]
        for wanted in frames:
            check("frame %s" % wanted, any(wanted in name for name in names), names, shot["stack_end"])
        check("the stack is whole", "outermost" in (shot["stack_end"] or ""), shot["stack_end"], names)


def address_of(path, symbol):
    """In the file."""
    for line in subprocess.run(["nm", path], capture_output=True, text=True, check=True).stdout.splitlines():
        if line.split()[1:] == ["t", symbol] or line.split()[1:] == ["T", symbol]:
            return int(line.split()[0], 16)
    raise AssertionError("%s has no %s" % (path, symbol))


def first_byte(pid, path, symbol):
    """Of that function's code, in the process."""
    with open("/proc/%d/maps" % pid) as maps:
        base = next(int(line.split("-")[0], 16) for line in maps if line.rstrip().endswith(path))
    with open("/proc/%d/mem" % pid, "rb") as memory:
        memory.seek(base + address_of(path, symbol))
        return memory.read(1)[0]


def unread_by(pid):
    """Bytes in the pipe that is its standard input."""
    pipe = os.open("/proc/%d/fd/0" % pid, os.O_RDONLY | os.O_NONBLOCK)
    unread = array.array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, unread)
    os.close(pipe)
    return unread[0]


def end_all():
    for popen in running[:]:
        if popen.poll() is None:
            popen.kill()
        popen.wait()
        running.remove(popen)


def run_test(name, function):
    state["n"] += 1
    start = time.time()
    try:
        why = function()
        print("ok %d - %s%s" % (state["n"], name, " # SKIP %s" % why if why else ""), flush=True)
    except Exception as error:  # a test that breaks has failed
        state["failed"] += 1
        print("not ok %d - %s" % (state["n"], name), flush=True)
        print("# " + "\n# ".join(("%s: %s" % (type(error).__name__, error)).splitlines()), flush=True)
    finally:
        end_all()
        if "-t" in sys.argv:
            print("# %.1f s" % (time.time() - start))


def main():
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    state["folder"] = tempfile.mkdtemp(prefix="snapline-processes-")
    os.chmod(state["folder"], 0o755)
    try:
        for name, function in tests:
            if all(word in name for word in words):
                run_test(name, function)
    finally:
        shutil.rmtree(state["folder"], ignore_errors=True)
    print("1..%d" % state["n"])
    return 1 if state["failed"] else 0
