#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Judges what other kernels wrote on their consoles: TAP, then a table of features by kernel.

usage: report.py FOLDER KERNEL...      (FOLDER/KERNEL.log, and FOLDER/KERNEL/package if it was booted)

Lines that start with @@ begin a section (tests/kernels/init); @@skip is why there was no kernel to boot.
"""
import json
import os
import re
import sys

# From which version on a kernel has what doctor looks for; that doctor finds it is a test of doctor (not
# where it measures times, which mean nothing here). The second is what snapline does without.
FEATURES = {
    "multi links": ((6, 6), "a link for each place and process"),
    "cookies": ((5, 15), "a program for each place"),
    "faulting reads": ((6, 0), "<not resident>"),
    "loop helper": ((5, 17), "768 steps that the verifier follows"),
    "exact limits": ((5, 12), "trimmed by snapline"),
    "missed hits": ((6, 7), "unknown"),
    "session links": ((6, 13), "return instructions"),
    "cheap probes": (None, "single-stepped"),
    "ring buffer": ((5, 8), "none"),
}


class Kernel:
    """One console log, cut into its sections."""

    def __init__(self, folder, name):
        self.name = name
        with open(os.path.join(folder, name + ".log"), errors="replace") as file:
            self.lines = [re.sub(r"\x1b\S*?[A-Za-z]", "", line.rstrip("\r\n")) for line in file]
        self.sections = self.cut()
        self.version = name
        if "doctor" in self.sections:
            with open(os.path.join(folder, name, "package")) as file:
                self.version = re.search(r"^Version: ([\d.]+)", file.read(), re.M).group(1)
            if name.endswith("-arm64"):
                self.version += " arm64"

    def cut(self):
        sections, current = {}, None
        for line in self.lines:
            marker = re.search(r"@@(skip|doctor|tests|kernel|end)$", line)
            if marker:
                current = sections.setdefault(marker.group(1), [])
            elif current is not None and line:
                current.append(line)
        return sections

    def checks(self):
        """What doctor said: name to (status, text)."""
        found = {}
        for line in self.sections.get("doctor", []):
            if line.startswith('{"event":"check"'):
                check = json.loads(line)
                found[check["name"]] = (check["status"], check["text"])
        return found

    def has(self, feature):
        return self.checks().get(feature, ("absent", ""))[0] == "ok"


class Tap:
    def __init__(self):
        self.n = 0
        self.failed = False

    def line(self, good, name, comments=()):
        self.n += 1
        self.failed |= not good
        print("%s %d - %s" % ("ok" if good else "not ok", self.n, name))
        if not good:
            for comment in comments:
                print("#   " + comment)


def doctor_is_right(kernel, tap):
    checks = kernel.checks()
    number = tuple(int(part) for part in kernel.version.split(".")[:2])
    bad = ["%s: %s" % (name, text) for name, (status, text) in checks.items() if status == "no"]
    bad += ["%s: %s, but %d.%d came with it" % (name, checks.get(name, ("not a check",))[0], *since)
            for name, (since, _) in FEATURES.items() if since and kernel.has(name) != (number >= since)]
    tap.line(checks and not bad, "%s: doctor finds what the kernel has" % kernel.version, bad)


def tests_passed(kernel, tap):
    """Each test again under the kernel's version; its comments if it failed."""
    lines = kernel.sections.get("tests", [])
    n = 0
    for i, line in enumerate(lines):
        match = re.match(r"(not )?ok \d+ - (.*)", line)
        if not match:
            continue
        n += 1
        comments = []
        for comment in lines[i + 1:i + 60]:
            if re.match(r"(not )?ok ", comment):
                break
            comments.append(comment.lstrip("# "))
        tap.line(not match.group(1), "%s: %s" % (kernel.version, match.group(2)), comments)
    tap.line(n, "%s: tests ran" % kernel.version, lines[-20:])


def judge(kernel, tap):
    if "skip" in kernel.sections:
        tap.line(True, "%s # SKIP %s" % (kernel.name, " ".join(kernel.sections["skip"])))
        return
    tap.line("doctor" in kernel.sections, "%s: boots" % kernel.version, kernel.lines[-20:])
    if "doctor" not in kernel.sections:
        return
    doctor_is_right(kernel, tap)
    tests_passed(kernel, tap)
    complaints = kernel.sections.get("kernel", [])
    tap.line("end" in kernel.sections, "%s: ends in time" % kernel.version, kernel.lines[-20:])
    tap.line(not complaints, "%s: the kernel complains of nothing" % kernel.version, complaints)


def table(kernels):
    """Rows of features, columns of kernels."""
    rows = [["", *(kernel.version for kernel in kernels)]]
    for feature, (_, instead) in FEATURES.items():
        rows.append([feature, *("yes" if kernel.has(feature) else instead for kernel in kernels)])
    rows.append(["tests passed", *(
        "%d" % sum(line.startswith("ok ") and "# SKIP" not in line for line in kernel.sections.get("tests", []))
        for kernel in kernels)])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    rows.insert(1, ["-" * width for width in widths])
    for row in rows:
        print("# | " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |")


def main():
    kernels = [Kernel(sys.argv[1], name) for name in sys.argv[2:]]
    tap = Tap()
    for kernel in kernels:
        judge(kernel, tap)
    print("1..%d" % tap.n)
    table([kernel for kernel in kernels if "doctor" in kernel.sections])
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
