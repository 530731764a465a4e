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

TOP = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..")

# From which version on a kernel has what doctor looks for; that doctor finds it is a test of doctor (not
# where it measures times, which mean nothing here). The second is what snapline does without.
FEATURES = {
    "multi links": ((6, 6), "a link for each place and process"),
    "process links": ((6, 10), "perf links"),
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

    def tests(self):
        """Each test's name, whether it passed, and why it was skipped (or None)."""
        for line in self.sections.get("tests", []):
            match = re.match(r"(not )?ok \d+ - (.*?)(?: # SKIP (.*))?$", line)
            if match:
                yield match.group(2), not match.group(1), match.group(3)

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


def hazards():
    """The tests that docs/hazards.md names, but those that need no kernel; as they are called in TAP."""
    with open(os.path.join(TOP, "docs", "hazards.md")) as file:
        named = re.findall(r"^\|.*\| `(.*)` \|$", file.read(), re.M)
    named = [name for name in named if not name.startswith("tests/unit/")]
    return [re.sub(r"^(tests/\S+|\d\S+): ", "", name) for name in named]


def hazard_result(hazard, ran):
    """None if it passed, or why not."""
    its = [(good, why) for name, good, why in ran if hazard in name]
    if not its:
        return "not run"
    if not all(good for good, _ in its):
        return "failed"
    return its[0][1]


def hazards_passed(ran):
    """So many of so many that apply to the CPU, and why the others didn't."""
    results = [hazard_result(hazard, ran) for hazard in hazards()]
    results = [why for why in results if not (why or "").startswith("is for ")]
    others = ["%d %s" % (results.count(why), why) for why in dict.fromkeys(results) if why]
    return "%d of %d" % (results.count(None), len(results)) + "".join("; " + other for other in others)


def results(kernel):
    """Rows of what ran: name to figure."""
    ran = list(kernel.tests())
    rows = {"hazards passed": hazards_passed(ran),
            "tests passed": sum(good and not why for _, good, why in ran),
            "failed": sum(not good for _, good, _ in ran)}
    for _, _, why in ran:
        if why:
            rows["skipped: " + why] = rows.get("skipped: " + why, 0) + 1
    return rows


def table(kernels):
    """Rows of features and of what ran, columns of kernels."""
    rows = [["", *(kernel.version for kernel in kernels)]]
    for feature, (_, instead) in FEATURES.items():
        rows.append([feature, *("yes" if kernel.has(feature) else instead for kernel in kernels)])
    ran = [results(kernel) for kernel in kernels]
    for name in dict.fromkeys(name for each in ran for name in each):
        rows.append([name, *(str(each.get(name, 0)) for each in ran)])
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
