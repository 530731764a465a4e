# SPDX-License-Identifier: BSD-2-Clause
"""redis under its own benchmark."""
import json
import os
import re
import signal
import subprocess
import tempfile
import time

from .rounds import Wrong
from .targets import Section, functions, offset_of, output


def is_worse(place):
    """Single-stepped where it was asked for, and emulated where it is taken."""
    return place["asked_cost"].startswith("single") and place["probed_cost"].startswith("emulated")


class Redis(Section):
    """Requests a second of redis-benchmark -t set, with a probe on a function, or on a line of networking.c."""

    unit = "requests/s"
    REQUESTS = int(os.environ.get("REQUESTS", "40000"))
    TOLERANCE = 0.01  # beside the requests there are connections, which come and go

    def __init__(self, title, reference, arms, name, place=None, only_here=False):
        super().__init__("build/real/redis/redis-server", reference, arms)
        self.title, self.name, self.only_here, self.made = title, name, only_here, 0
        self.port = str(20000 + os.getpid() % 10000)
        self.folder = tempfile.TemporaryDirectory(prefix="snapline-bench-")
        with open(os.path.join(self.folder.name, "log"), "w") as log:
            self.process = subprocess.Popen([self.file, "--port", self.port, "--save", ""], stdout=log,
                                            cwd=self.folder.name)
        self.pid = self.process.pid
        try:
            self.wait()
            self.choose(place)
        except BaseException:
            self.close()
            raise

    def choose(self, place):
        if place:
            self.place, self.each = place, 1
        else:
            self.choose_line()

    def wait(self):
        for _ in range(200):
            ping = subprocess.run(["build/real/redis/redis-cli", "-p", self.port, "ping"], capture_output=True)
            if ping.returncode == 0 and b"PONG" in ping.stdout:
                return
            time.sleep(0.05)
        raise Wrong("redis-server doesn't answer")

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
                    raise Wrong(out.read()[-200:])
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
        raise Wrong("no line of networking.c will do")

    def take_line(self, line, each, place):
        self.line, self.each = line, each
        self.place = "networking.c:%d" % line
        self.address = int(str(place["asked"]), 0)
        self.offset = offset_of(self.file, self.address)
        self.bpftrace_at = "%s:0x%x" % (self.file, self.address)
        self.symbol = functions(self.file)[self.address]
        self.title += " (%s, %s; hit %d times a request)" % (self.place, place["asked_instruction"], each)

    def measure(self, arm):
        self.made = arm.pace or self.REQUESTS
        return self.requests(self.made)

    def expected(self):
        return self.each * self.made

    def counts_right(self, seen):
        return abs(seen - self.expected()) <= self.TOLERANCE * self.expected()

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()
