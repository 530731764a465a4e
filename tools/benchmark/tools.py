# SPDX-License-Identifier: BSD-2-Clause
"""What can be attached to a place. One more arm is one more line in bench.py; one more tool is one more class here."""
import json
import re
import shutil
import signal
import subprocess
import tempfile
import time

from .rounds import Wrong

READY_SECONDS, END_SECONDS, SETTLE_SECONDS = 20, 10, 0.5


def end(process):
    """Asks it to end, then makes it; returns what it wrote. It is one that was started here."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        process.send_signal(number)
        try:
            return process.communicate(timeout=END_SECONDS)[0]
        except subprocess.TimeoutExpired:
            continue
    return process.communicate()[0]


class Arm:
    """Nothing attached. `target`: None, or ("<=", 1.05), of its ratio to the reference."""

    def __init__(self, name, target=None):
        self.name, self.target = name, target

    def start(self, section):
        return None

    def stop(self, section, handle):
        """The hits it counted; None: it doesn't count."""
        return None


class Command(Arm):
    """A tool that runs beside the target. It stands when the target has a breakpoint, or when it says so."""

    says = None

    def command(self, section):
        raise NotImplementedError

    def count(self, section, text):
        return None

    def start(self, section):
        command = self.command(section)
        if not shutil.which(command[0]):
            raise Wrong("%s is not installed" % command[0])
        out = tempfile.TemporaryFile("w+")
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, stderr=subprocess.STDOUT, text=True)
        until = time.monotonic() + READY_SECONDS
        while not self.stands(section, out):
            if process.poll() is not None or time.monotonic() > until:
                text = self.finish(process, out)
                raise Wrong("it didn't start: %s" % (text.strip().splitlines() or ["no word"])[-1][:60])
            time.sleep(0.02)
        time.sleep(SETTLE_SECONDS)
        return process, out

    def stands(self, section, out):
        if not self.says:
            return section.is_probed()
        out.seek(0)
        return self.says in out.read()

    def finish(self, process, out):
        process.stdin.close()
        process.stdin = None
        end(process)
        out.seek(0)
        text = out.read()
        out.close()
        return text

    def stop(self, section, handle):
        return self.count(section, self.finish(*handle))


class Empty(Command):
    """A BPF program that does nothing, on the same instruction."""

    def command(self, section):
        return ["build/tools/empty", str(section.pid), section.file, hex(section.offset)]


class Snapline(Command):
    """`words` follow the command and TARGET; {place} is the section's. `never`: no pair is made, tics are counted."""

    says = "probes stand"

    def __init__(self, name, command, *words, target=None, by_file=False, never=False):
        super().__init__(name, target)
        self.verb, self.words, self.by_file, self.never = command, words, by_file, never

    def command(self, section):
        where = ["-x", section.file] if self.by_file else ["-p", str(section.pid)]
        return (["build/snapline", self.verb, "-v", "-f", "json", "--max-overhead", "none"] + where +
                [word.format(place=section.place) for word in self.words])

    def count(self, section, text):
        for line in text.splitlines():
            if line.startswith('{"event":"summary"'):
                summary = json.loads(line)
                return summary["hits" if "hits" in summary else "tics" if self.never else "pairs"]
        raise Wrong("it gave no summary: %s" % text.strip()[-60:])


class Bpftrace(Command):
    """A script; {at} is what a uprobe is called by there. Its map @ is counted: a count, or a histogram."""

    def __init__(self, name, script, target=None, program="bpftrace"):
        super().__init__(name, target)
        self.script, self.program = script, program

    def command(self, section):
        return [self.program, "-B", "line", "-e", self.script.replace("{at}", section.bpftrace_at)]

    def count(self, section, text):
        plain = re.search(r"^@: (\d+)$", text, re.M)
        if plain:
            return int(plain.group(1))
        return sum(int(number) for number in re.findall(r"^[\[(].*[\])] +(\d+) \|", text, re.M))
