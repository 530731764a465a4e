# SPDX-License-Identifier: BSD-2-Clause
"""What can be attached to a place: snapline and the yardsticks; others.py has the tools that others wrote. One more
arm is one more line in tools/bench; one more tool is one more class."""
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

from .rounds import Wrong

READY_SECONDS, END_SECONDS, SETTLE_SECONDS = 20, 30, 0.3
NEARLY_ALL = 0.99


def end(process):
    """Asks it to end, then makes it. It is one that was started here."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        process.send_signal(number)
        try:
            process.wait(timeout=END_SECONDS)
            return
        except subprocess.TimeoutExpired:
            continue
    process.wait()


class Arm:
    """Nothing attached. `target`: None, or ("<=", 1.05), of its ratio to the reference's; `pace`: None, or one that
    stands for the section's; `only_here`: what it costs is this kind of virtual machine's; `producers`: so many
    processes are at it at once."""

    pace = None

    def __init__(self, name, target=None, only_here=False, producers=1):
        self.name, self.target, self.only_here, self.producers = name, target, only_here, producers

    def start(self, section):
        return None

    def stop(self, section, handle):
        """The hits it counted; None: it doesn't count."""
        return None


class Command(Arm):
    """A tool that runs beside the target. It stands when the target has a breakpoint, or when it says so."""

    says, environment = None, {}
    grace = 0    # seconds that it is left alone before it has to end
    tail = None  # only so many of the last characters that it wrote are looked at

    def command(self, section):
        raise NotImplementedError

    def count(self, section, text):
        return None

    def prepare(self, section):
        """Called before its command is made."""

    def launch(self, section):
        """(process, file it writes to)"""
        self.prepare(section)
        command = self.command(section)
        if not shutil.which(command[0]):
            raise Wrong("%s is not installed" % command[0])
        out = tempfile.TemporaryFile("w+", errors="replace")
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, stderr=subprocess.STDOUT, text=True,
                                env={**os.environ, **self.environment}), out

    def start(self, section):
        handle = self.launch(section)
        try:
            came = self.comes(section, *handle)
        except BaseException:
            self.finish(*handle)
            raise
        if not came:
            text = self.finish(*handle)
            raise Wrong("it didn't start: %s" % (text.strip().splitlines() or ["no word"])[-1][:60])
        time.sleep(SETTLE_SECONDS)
        return handle

    def comes(self, section, process, out):
        """False: it ended instead, or it takes too long."""
        until = time.monotonic() + READY_SECONDS
        while not self.stands(section, out):
            if process.poll() is not None or time.monotonic() > until:
                return False
            time.sleep(0.02)
        return True

    def stands(self, section, out):
        if not self.says:
            return section.is_probed()
        out.seek(0)
        return self.says in out.read()

    def finish(self, process, out):
        time.sleep(self.grace)
        process.stdin.close()
        end(process)
        size = out.seek(0, os.SEEK_END)
        out.seek(max(0, size - self.tail) if self.tail else 0)
        text = out.read()
        out.close()
        return text

    def stop(self, section, handle):
        return self.count(section, self.finish(*handle))


class Empty(Command):
    """A BPF program that does nothing, on the same instruction; `kind`: None, "session", by a link of entry and
    returns, or "clock", by such a link, and it reads the clock; `by_file`: in all processes."""

    def __init__(self, name, target=None, kind=None, by_file=False, producers=1):
        super().__init__(name, target, producers=producers)
        self.kind, self.by_file = kind, by_file

    def command(self, section):
        kind = [self.kind] if self.kind else []
        pid = "-1" if self.by_file else str(section.pid)
        return ["build/tools/empty", pid, section.file, hex(section.offset)] + kind


class Snapline(Command):
    """`words` follow the command and TARGET; {place} is the section's. `never`: no pair is made, tics are counted;
    `emits`: no hit may be dropped."""

    says = "probes stand"

    def __init__(self, name, command, *words, target=None, by_file=False, never=False, emits=False, producers=1):
        super().__init__(name, target, producers=producers)
        self.verb, self.words, self.by_file, self.never, self.emits = command, words, by_file, never, emits

    def command(self, section):
        where = ["-x", section.file] if self.by_file else ["-p", ",".join(map(str, section.pids))]
        return (["build/snapline", self.verb, "-v", "-f", "json", "--max-overhead", "none"] + where +
                [word.format(place=section.place) for word in self.words])

    def summary(self, text):
        for line in text.splitlines():
            if line.startswith('{"event":"summary"'):
                return json.loads(line)
        raise Wrong("it gave no summary: %s" % text.strip()[-60:])

    def count(self, section, text):
        summary = self.summary(text)
        hits = summary["hits" if "hits" in summary else "tics" if self.never else "pairs"]
        if self.emits and summary["emitted"] < NEARLY_ALL * hits:
            raise Wrong("it dropped %d of %d, as it says" % (hits - summary["emitted"], hits))
        return hits


class Detached(Arm):
    """That arm, started and stopped again."""

    def __init__(self, name, arm, target=None):
        super().__init__(name, target)
        self.arm = arm

    def start(self, section):
        self.arm.stop(section, self.arm.start(section))
        if section.is_probed():
            raise Wrong("there is still a breakpoint")
