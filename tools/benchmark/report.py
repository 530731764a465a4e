# SPDX-License-Identifier: BSD-2-Clause
"""What is shown, as Markdown: on standard output while it comes, and at the end in docs/benchmark.md."""
import os
import platform
import re
import shutil
import subprocess

MARK = "<!-- what follows is written by make bench -->\n"


def first_line(*command):
    if not shutil.which(command[0]):
        return "not installed"
    said = subprocess.run(command, capture_output=True, text=True)
    return ((said.stdout or said.stderr).strip().splitlines() or ["doesn't say"])[0]


def package(name):
    """Debian's version of it."""
    said = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", name], capture_output=True, text=True)
    return said.stdout if said.returncode == 0 and said.stdout else "not installed"


def of_file(path, pattern):
    with open(path) as text:
        found = re.search(pattern, text.read(), re.M)
    return found.group(1).strip() if found else "unknown"


def machine(newest_bpftrace):
    """(what, its version)"""
    virtual = "hypervisor" in of_file("/proc/cpuinfo", r"^flags\s*:(.*)").split()
    return [
        ("kernel", "Linux %s, %s" % (platform.release(), platform.machine())),
        ("CPU", "%s, %d of them%s" % (of_file("/proc/cpuinfo", r"^model name\s*:(.*)"), os.cpu_count(),
                                      ", in a virtual machine" if virtual else "")),
        ("memory", "%d MiB" % (int(of_file("/proc/meminfo", r"^MemTotal:\s*(\d+)")) // 1024)),
        ("system", of_file("/etc/os-release", r'^PRETTY_NAME="(.*)"')),
        ("snapline", first_line("build/snapline", "--version")),
        ("libbpf, libdw", "%s, %s" % (package("libbpf-dev"), package("libdw-dev"))),
        ("gcc, clang", "%s, %s" % (package("gcc"), package("clang"))),
        ("bpftrace", first_line("bpftrace", "--version")),
        ("newest bpftrace", first_line(newest_bpftrace, "--version") if newest_bpftrace else "not to be had"),
        ("perf", first_line("perf", "--version")),
        ("bcc", package("python3-bpfcc")),
        ("gdb", first_line("gdb", "--version")),
        ("redis", first_line("build/real/redis/redis-server", "--version").partition(" sha=")[0]),
        ("sqlite", first_line("build/real/sqlite3", "--version").partition(" ")[0]),
    ]


class Report:
    def __init__(self):
        self.parts, self.targets = [], []

    def say(self, text=""):
        print(text, flush=True)
        self.parts.append(text)

    def table(self, head, rows):
        """Its cells are texts, as wide as the widest of the column."""
        widths = [max(len(row[i]) for row in [head] + rows) for i in range(len(head))]
        lines = [head, ["-" * width for width in widths]] + rows
        for cells in lines:
            self.say("| %s |" % " | ".join(cell.ljust(width) for cell, width in zip(cells, widths)))

    def section(self, title):
        self.say("\n## %s\n" % title)

    def judged(self, section, arm, reference, ratio, verdict):
        """A figure that has a target."""
        self.targets.append([section, arm, reference, ratio, verdict])

    def summary(self):
        """Shown last, written first."""
        if self.targets:
            before, self.parts = self.parts, []
            self.section("The targets")
            self.table(["section", "what", "over", "ratio", "target"], self.targets)
            self.parts += before

    def write(self, path):
        """The text before the mark stays."""
        with open(path) as old:
            head = old.read().partition(MARK)[0]
        with open(path + ".new", "w") as new:
            new.write(head + MARK + "\n".join(self.parts) + "\n")
        os.rename(path + ".new", path)
