# SPDX-License-Identifier: BSD-2-Clause
"""What is looked into: a program that calls a function, and redis under its own benchmark."""
import json
import os
import re
import signal
import statistics
import subprocess
import tempfile
import time

X86_BREAKPOINT = 0xcc


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def symbol(path, name):
    """Its address in the file."""
    for line in output("nm", path).splitlines():
        fields = line.split()
        if fields[-1] == name and len(fields) == 3:
            return int(fields[0], 16)
    raise SystemExit("bench: %s has no %s" % (path, name))


def functions(path):
    """Where they begin."""
    return {int(fields[0], 16) for fields in map(str.split, output("nm", path).splitlines())
            if len(fields) == 3 and fields[1] in "tT"}


def offset_of(path, address):
    """Of an address the offset in the file, by its segments."""
    for line in output("readelf", "-lW", path).splitlines():
        fields = line.split()
        if fields and fields[0] == "LOAD":
            offset, start, size = int(fields[1], 16), int(fields[2], 16), int(fields[4], 16)
            if start <= address < start + size:
                return address - start + offset
    raise SystemExit("bench: 0x%x is not in %s" % (address, path))


def is_worse(place):
    """Single-stepped where it was asked for, and emulated where it is taken."""
    return place["asked_cost"].startswith("single") and place["probed_cost"].startswith("emulated")


class Section:
    """A target with one place in it, the arms, and the one that the others are compared with."""

    unit, name, title = "ns", "", ""

    def __init__(self, path, reference, arms):
        self.file = os.path.realpath(path)
        self.reference, self.arms = reference, arms
        self.address = self.offset = 0

    def settle(self):
        """Called before each arm."""

    def measure(self):
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


class Spin(Section):
    """Nanoseconds of a call of a function, the median of many small batches."""

    BATCHES, WARM = 300, 3

    def __init__(self, function, calls, title, reference, arms):
        super().__init__("build/tools/spin", reference, arms)
        self.function, self.calls, self.place, self.title = function, calls, function, title
        self.name = function
        self.address = symbol(self.file, function)
        self.offset = offset_of(self.file, self.address)
        self.bpftrace_at = "%s:%s" % (self.file, function)
        self.process = subprocess.Popen([self.file], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pid = self.process.pid
        self.made = 0

    def settle(self):
        self.made = 0

    def measure(self):
        print(self.function, self.BATCHES + self.WARM, self.calls, file=self.process.stdin, flush=True)
        self.made += (self.BATCHES + self.WARM) * self.calls
        times = [float(word) for word in self.process.stdout.readline().split()]
        return statistics.median(times[self.WARM:])

    def expected(self):
        return self.made

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Redis(Section):
    """Requests a second of redis-benchmark -t set, with a probe on a function, or on a line of networking.c."""

    unit = "requests/s"
    REQUESTS = int(os.environ.get("REQUESTS", "50000"))
    TOLERANCE = 0.01  # beside the requests there are connections, which come and go

    def __init__(self, title, reference, arms, place=None):
        super().__init__("build/real/redis/redis-server", reference, arms)
        self.title = title
        self.port = str(20000 + os.getpid() % 10000)
        self.folder = tempfile.TemporaryDirectory(prefix="snapline-bench-")
        with open(os.path.join(self.folder.name, "log"), "w") as log:
            self.process = subprocess.Popen([self.file, "--port", self.port, "--save", ""], stdout=log,
                                            cwd=self.folder.name)
        self.pid = self.process.pid
        self.wait()
        if place:
            self.place, self.each, self.name = place, 1, place
        else:
            self.choose_line()

    def wait(self):
        for _ in range(200):
            ping = subprocess.run(["build/real/redis/redis-cli", "-p", self.port, "ping"], capture_output=True)
            if ping.returncode == 0 and b"PONG" in ping.stdout:
                return
            time.sleep(0.05)
        raise SystemExit("bench: redis-server doesn't answer")

    def requests(self, number):
        text = output("build/real/redis/redis-benchmark", "-p", self.port, "-t", "set", "-n", str(number), "--csv")
        return float(re.search(r'^"SET[^,]*","?([0-9.]+)', text, re.M).group(1))

    def scout(self, number):
        """Hits of each line of networking.c while so many requests are served."""
        with tempfile.TemporaryFile("w+") as out:
            probe = subprocess.Popen(["build/snapline", "count", "-v", "-f", "json", "--max-overhead", "none", "-p",
                                      str(self.pid), "networking.c:*"], stdout=out, stderr=subprocess.STDOUT)
            while "probes stand" not in (out.seek(0), out.read())[1]:
                if probe.poll() is not None:
                    out.seek(0)
                    raise SystemExit("bench: " + out.read()[-200:])
                time.sleep(0.05)
            self.requests(number)
            probe.send_signal(signal.SIGINT)
            probe.wait()
            out.seek(0)
            counts = [json.loads(line) for line in out if line.startswith('{"event":"count"')]
        return {count["place"]["line"]: count["hits"] for count in counts}

    def places(self, line):
        """None of them where no statement begins: such a line is counted in a listing, but is no place of its own."""
        said = subprocess.run(["build/snapline", "explain", "-f", "json", "--count", "-p", str(self.pid),
                               "networking.c:%d" % line], capture_output=True, text=True)
        return [json.loads(row) for row in said.stdout.splitlines() if row.startswith('{"event":"place"')]

    def choose_line(self):
        """The first that has one place, whose instruction is single-stepped, and that is reached twice a request, or
        nearly: a whole number of times, so that whoever counts it can be checked. It begins a function: Debian's
        bpftrace takes no other address."""
        number, starts = 5000, functions(self.file)
        whole = {line: round(hits / number) for line, hits in self.scout(number).items()
                 if hits >= number / 2 and abs(hits - round(hits / number) * number) <= self.TOLERANCE * hits}
        for line, each in sorted(whole.items(), key=lambda item: (abs(item[1] - 2), item[0])):
            places = self.places(line)
            if len(places) == 1 and int(str(places[0]["asked"]), 0) in starts and is_worse(places[0]):
                return self.take_line(line, each, places[0])
        raise SystemExit("bench: no line of networking.c will do")

    def take_line(self, line, each, place):
        self.line, self.each = line, each
        self.place = "networking.c:%d" % line
        self.address = int(str(place["asked"]), 0)
        self.offset = offset_of(self.file, self.address)
        self.bpftrace_at = "%s:0x%x" % (self.file, self.address)
        self.name = "%s, %d a request" % (self.place, each)
        self.title += " (%s, %s)" % (self.place, place["asked_instruction"])

    def measure(self):
        return self.requests(self.REQUESTS)

    def expected(self):
        return self.each * self.REQUESTS

    def counts_right(self, seen):
        return abs(seen - self.expected()) <= self.TOLERANCE * self.expected()

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()
