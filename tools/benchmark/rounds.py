# SPDX-License-Identifier: BSD-2-Clause
"""Interleaved rounds, their medians and 95 % intervals, and the table."""
import math
import statistics
import sys
import time

REJECT_ABOVE = 1.25  # the reference, measured at both ends of a round, may differ by so much
TRIES = 2            # so many times the rounds that are wanted, then it is told how many were accepted
ENOUGH = 5           # ... do when a section has taken
PATIENCE = 180       # so many seconds
SAME = 0.01          # so far from 1 is still the same


class Wrong(Exception):
    """An arm that can't be had, or doesn't count right: it gets no figure, and this is why."""


def interval(values):
    """Of the median, by order statistics: no assumption of a distribution."""
    ordered, n = sorted(values), len(values)
    if n < 6:
        return ordered[0], ordered[-1]
    low = max(int((n - 1.96 * math.sqrt(n)) / 2), 0)
    return ordered[low], ordered[n - 1 - low]


class Row:
    """What became of one arm: value and its ratio to the reference's, round by round."""

    def __init__(self, arm):
        self.arm, self.values, self.ratios, self.wrong = arm, [], [], None


def measure(section, arm):
    """One figure, or Wrong."""
    section.settle()
    handle = arm.start(section)
    try:
        value = section.measure(arm)
    except BaseException:
        arm.stop(section, handle)
        raise
    seen = arm.stop(section, handle)
    if seen is not None and not section.counts_right(seen):
        raise Wrong("it counted %d of %d" % (seen, section.expected()))
    return value


def one_round(section, rows, turn):
    """False: rejected, the machine had something else to do. The order turns, the reference is at both ends."""
    live = [row for row in rows if not row.wrong]
    order = live[turn % len(live):] + live[:turn % len(live)] if live else []
    first, got = measure(section, section.reference), {}
    for row in order:
        try:
            got[row] = measure(section, row.arm)
        except Wrong as why:
            row.wrong = str(why)
    last = measure(section, section.reference)
    if max(first, last) > REJECT_ABOVE * min(first, last):
        return False
    for row, value in got.items():
        row.values.append(value)
        row.ratios.append(value / ((first + last) / 2))
    return True


def run(section, rounds):
    """(rows, rejected)"""
    rows, rejected, accepted, begin = [Row(arm) for arm in section.arms], 0, 0, time.monotonic()
    for turn in range(TRIES * rounds):
        if accepted == rounds or accepted >= ENOUGH and time.monotonic() - begin > PATIENCE:
            break
        if one_round(section, rows, turn):
            accepted += 1
        else:
            rejected += 1
        print("\r%s: round %d of %d, %d rejected " % (section.name, accepted, rounds, rejected), end="",
              file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return rows, rejected


HOLDS = {
    "<=": lambda ratio, wanted: ratio <= wanted,
    ">=": lambda ratio, wanted: ratio >= wanted,
    "=": lambda ratio, wanted: abs(ratio - wanted) <= SAME,
}


def verdict(target, low, middle, high):
    """A target is met or missed for sure when the whole interval says so."""
    sign, wanted = target
    each = [HOLDS[sign](ratio, wanted) for ratio in (low, middle, high)]
    unsure = len(set(each)) > 1 or low <= wanted <= high and not each[1]
    return "%s %.2f: %s%s" % (sign, wanted, "met" if each[1] else "missed", ", not surely" if unsure else "")


def cells(section, row, report):
    name = row.arm.name + (" ¹" if row.arm.only_here else "")
    if row.wrong or not row.values:
        why = row.wrong or "no round was accepted"
        if row.arm.target:
            report.judged(section.name, row.arm.name, section.reference.name, "-", "no figure: " + why)
        return [name, "-", "-", "-", "no figure: " + why]
    low, high = interval(row.ratios)
    middle = statistics.median(row.ratios)
    judgement = ""
    if row.arm.target:
        judgement = verdict(row.arm.target, low, middle, high)
        report.judged(section.name, row.arm.name, section.reference.name, "%.3f" % middle, judgement)
    digits = "%.1f" if statistics.median(row.values) < 100 else "%.0f"
    return [name, digits % statistics.median(row.values), "%.3f" % middle, "%.3f - %.3f" % (low, high), judgement]


def show(section, rows, rejected, report):
    report.section(section.title + (" ¹" if section.only_here else ""))
    report.table([section.name, section.unit, "ratio", "95 %", "target"], [cells(section, row, report) for row in rows])
    accepted = max((len(row.values) for row in rows), default=0)
    report.say("\nRatios are to %s in the same round; medians of %d rounds, %d rejected." %
               (section.reference.name, accepted, rejected))


def compare(make):
    """A section that compares arms, as a function of a report and a number of rounds."""
    def compared(report, rounds):
        section = make()
        try:
            show(section, *run(section, rounds), report)
        except Wrong as why:
            report.section(section.title)
            report.say("%s gets no figure, so there are no ratios: %s" % (section.reference.name, why))
        finally:
            section.close()
    return compared
