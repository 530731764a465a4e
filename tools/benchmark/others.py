# SPDX-License-Identifier: BSD-2-Clause
"""The tools that others wrote."""
import os
import platform
import re
import shutil
import subprocess
import tempfile

from .rounds import Wrong
from .tools import SETTLE_SECONDS, Command

TRACEFS = "/sys/kernel/tracing"


def mount_tracefs():
    """What perf, bcc and the newest bpftrace take for granted."""
    if not os.path.exists(TRACEFS + "/available_events"):
        subprocess.run(["mount", "-t", "tracefs", "tracefs", TRACEFS], capture_output=True)


class Bpftrace(Command):
    """A script; {at} is what a uprobe is called by there. Its map @ is counted, a count or a histogram, or the lines
    that begin with `prints`. `program`: None if there is none."""

    def __init__(self, name, script, target=None, program="bpftrace", prints=None):
        super().__init__(name, target)
        self.script, self.program, self.prints = script, program, prints
        self.grace = SETTLE_SECONDS if prints else 0  # it ends without what is still to be printed

    def prepare(self, section):
        mount_tracefs()

    def command(self, section):
        if not self.program:
            raise Wrong("it is not to be had here")
        return [self.program, "-B", "line", "-e", self.script.replace("{at}", section.bpftrace_at)]

    def count(self, section, text):
        if self.prints:
            lost = sum(int(number) for number in re.findall(r"Lost (\d+) events", text))
            return len(re.findall("^" + self.prints, text, re.M)) + lost
        plain = re.search(r"^@: (\d+)$", text, re.M)
        if plain:
            return int(plain.group(1))
        return sum(int(number) for number in re.findall(r"^[\[(].*[\])] +(\d+) \|", text, re.M))


class Perf(Command):
    """perf probe, then perf record of that event in the process. What it lost counts, where it says so."""

    EVENT = "snapline_bench:hit"

    def __init__(self, name, target=None):
        super().__init__(name, target)
        self.folder = None

    def perf(self, *words):
        return subprocess.run(["perf", *words], capture_output=True, text=True)

    def prepare(self, section):
        if not shutil.which("perf"):
            raise Wrong("perf is not installed")
        mount_tracefs()
        self.perf("probe", "-q", "-d", self.EVENT)
        said = self.perf("probe", "-q", "-x", section.file, "%s=%s" % (self.EVENT, section.symbol))
        if said.returncode:
            raise Wrong("perf probe: %s" % said.stderr.strip()[-60:])
        self.folder = tempfile.TemporaryDirectory(prefix="snapline-bench-")

    def command(self, section):
        return ["perf", "record", "-q", "-m", "16M", "-e", self.EVENT, "-p", str(section.pid), "-o",
                os.path.join(self.folder.name, "data")]

    def count(self, section, text):
        script = self.perf("script", "-i", os.path.join(self.folder.name, "data"), "-F", "event", "--show-lost-events")
        lost = sum(int(number) for number in re.findall(r"PERF_RECORD_LOST lost (\d+)", script.stdout))
        return len(re.findall(r"^\s*%s:" % self.EVENT, script.stdout, re.M)) + lost

    def finish(self, process, out):
        text = super().finish(process, out)
        self.perf("probe", "-q", "-d", self.EVENT)
        return text

    def stop(self, section, handle):
        try:
            return super().stop(section, handle)
        finally:
            self.folder.cleanup()


class Bcc(Command):
    """A program that adds to an array, written with its Python module, which Debian's own Python has."""

    says = "attached"

    def command(self, section):
        return ["/usr/bin/python3", "tools/benchmark/bcc_count.py", section.file, hex(section.address),
                str(section.pid)]

    def prepare(self, section):
        mount_tracefs()
        if os.path.exists("/lib/modules/%s/build" % platform.release()):
            return
        headers = subprocess.run(["tools/kernel-headers"], capture_output=True, text=True)
        if headers.returncode:
            raise Wrong(headers.stderr.strip())
        self.environment = {"BCC_KERNEL_SOURCE": headers.stdout.strip()}

    def count(self, section, text):
        found = re.search(r"^counted (\d+)$", text, re.M)
        if not found:
            raise Wrong("it said no count")
        return int(found.group(1))


class Gdb(Command):
    """A breakpoint that goes on, or doesn't stop: `words` are its commands, {at} the address. It costs a stop of the
    program and back, so the calls are few. `prints`: what the lines begin with that are counted."""

    def __init__(self, name, words, pace, target=None, prints=None):
        super().__init__(name, target, only_here=True)
        self.words, self.pace, self.prints = words, pace, prints

    def command(self, section):
        return ["gdb", "-q", "-nx", "-batch", "-iex", "set debuginfod enabled off", "-p", str(section.pid), "-ex",
                "set pagination off", "-ex", self.words.format(at="*&" + section.symbol), "-ex", "continue"]

    def count(self, section, text):
        return len(re.findall("^" + self.prints, text, re.M)) if self.prints else None
