# SPDX-License-Identifier: BSD-2-Clause
"""What is looked into: a program that calls a function; redis.py has the other."""
import collections
import os
import statistics
import subprocess

from .rounds import Wrong

X86_BREAKPOINT = 0xcc


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def symbol(path, name):
    """Its address in the file."""
    for line in output("nm", path).splitlines():
        fields = line.split()
        if fields[-1] == name and len(fields) == 3:
            return int(fields[0], 16)
    raise Wrong("%s has no %s" % (path, name))


def functions(path):
    """Their names, by where they begin."""
    return {int(fields[0], 16): fields[2] for fields in map(str.split, output("nm", path).splitlines())
            if len(fields) == 3 and fields[1] in "tT"}


def offset_of(path, address):
    """Of an address the offset in the file, by its segments."""
    for line in output("readelf", "-lW", path).splitlines():
        fields = line.split()
        if fields and fields[0] == "LOAD":
            offset, start, size = int(fields[1], 16), int(fields[2], 16), int(fields[4], 16)
            if start <= address < start + size:
                return address - start + offset
    raise Wrong("0x%x is not in %s" % (address, path))


class Section:
    """A target with one place in it, the arms, and the one that the others are compared with. `only_here`: its figures
    are this kind of virtual machine's."""

    unit, name, title, only_here = "ns", "", "", False

    def __init__(self, path, reference, arms):
        self.file = os.path.realpath(path)
        self.reference, self.arms = reference, arms
        self.address = self.offset = self.pid = 0
        self.symbol = None  # the function that begins at the address

    @property
    def pids(self):
        return [self.pid]

    def settle(self):
        """Called before each arm."""

    def measure(self, arm):
        raise NotImplementedError

    def expected(self):
        """Hits since the arm was started."""
        raise NotImplementedError

    def counts_right(self, seen):
        return seen == self.expected()

    def is_probed(self):
        """Is there a breakpoint at the address, in the process?"""
        with open("/proc/%d/maps" % self.pid) as maps:
            for line in maps:
                fields = line.split()
                start, offset = int(fields[0].split("-")[0], 16), int(fields[2], 16)
                size = int(fields[0].split("-")[1], 16) - start
                if fields[-1] == self.file and offset <= self.offset < offset + size:
                    with open("/proc/%d/mem" % self.pid, "rb") as memory:
                        memory.seek(start + self.offset - offset)
                        return memory.read(1)[0] == X86_BREAKPOINT
        return False

    def close(self):
        pass


# So many batches of so many calls, with a pause in milliseconds before each; by the wall's clock or the CPU's.
# Milliseconds of pause before each batch, asleep or awake; the clock: wall, or cpu. spin.c
Pace = collections.namedtuple("Pace", "batches calls pause rest clock", defaults=["asleep", "wall"])


class Spin(Section):
    """Nanoseconds of a call of a function, the median of many small batches."""

    WARM = 3

    def __init__(self, function, pace, title, reference, arms, name=None, only_here=False):
        super().__init__("build/tools/spin", reference, arms)
        self.symbol = self.place = function
        self.pace, self.title, self.name, self.only_here = pace, title, name or function, only_here
        self.address = symbol(self.file, function)
        self.offset = offset_of(self.file, self.address)
        self.bpftrace_at = "%s:%s" % (self.file, function)
        self.made = 0
        self.open()

    def open(self):
        self.process = self.spawn()
        self.pid = self.process.pid

    def spawn(self):
        return subprocess.Popen([self.file], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def settle(self):
        self.made = 0

    def ask(self, process, pace):
        print(self.symbol, pace.batches + self.WARM, *pace[1:], file=process.stdin, flush=True)
        self.made += (pace.batches + self.WARM) * pace.calls

    def answer(self, process):
        return statistics.median([float(word) for word in process.stdout.readline().split()][self.WARM:])

    def measure(self, arm):
        self.ask(self.process, arm.pace or self.pace)
        return self.answer(self.process)

    def expected(self):
        return self.made

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Fresh(Spin):
    """A process for each arm, so that none has been probed before."""

    def settle(self):
        self.close()
        self.open()
        super().settle()


class Pair(Spin):
    """Two processes on two CPUs, busy at once or one after the other, as the arm says; the mean of both, as CPUs
    differ."""

    def open(self):
        cpus = sorted(os.sched_getaffinity(0))
        super().open()
        self.other = self.spawn()
        for process, cpu in zip((self.process, self.other), cpus):
            os.sched_setaffinity(process.pid, {cpu})
        self.n_cpus = len(cpus)

    @property
    def pids(self):
        return [self.process.pid, self.other.pid]

    def measure(self, arm):
        if self.n_cpus < 2:
            raise Wrong("there is one CPU only")
        both, each = (self.process, self.other), []
        for busy in [both] if arm.producers == 2 else zip(both):
            for process in busy:
                self.ask(process, arm.pace or self.pace)
            each += [self.answer(process) for process in busy]
        return statistics.mean(each)

    def close(self):
        super().close()
        self.other.stdin.close()
        self.other.wait()
