# SPDX-License-Identifier: BSD-2-Clause
"""Interleaved rounds, their medians and 95 % intervals, and the table."""
import math
import statistics
import sys

REJECT_ABOVE = 1.25  # the reference, measured at both ends of a round, may differ by so much
TRIES = 3            # so many times the rounds that are wanted, then it is told how many were accepted


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
        value = section.measure()
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
    order = live[turn % len(live):] + live[:turn % len(live)]
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
    rows, rejected, accepted = [Row(arm) for arm in section.arms], 0, 0
    for turn in range(TRIES * rounds):
        if accepted == rounds:
            break
        if one_round(section, rows, turn):
            accepted += 1
        else:
            rejected += 1
        print("\r%s: round %d of %d, %d rejected " % (section.name, accepted, rounds, rejected), end="",
              file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return rows, rejected


def verdict(arm, low, middle, high):
    """A target is met or missed when the whole interval says so."""
    if arm.target is None:
        return ""
    sign, wanted = arm.target
    worst, best = (high, low) if sign == "<=" else (low, high)
    holds = (lambda x: x <= wanted) if sign == "<=" else (lambda x: x >= wanted)
    word = "met" if holds(middle) else "missed"
    sure = holds(worst) if holds(middle) else not holds(best)
    return "%s %.2f: %s%s" % (sign, wanted, word, "" if sure else ", not surely")


def line(*cells):
    print("| %-44s | %12s | %8s | %15s | %-26s |" % cells)


def show(section, rows, rejected):
    print("\n%s\n" % section.title)
    line(section.name, section.unit, "ratio", "95 %", "target")
    line(*["---"] * 5)
    for row in rows:
        if row.wrong or not row.values:
            line(row.arm.name, "-", "-", "-", row.wrong or "no round was accepted")
            continue
        low, high = interval(row.ratios)
        middle = statistics.median(row.ratios)
        line(row.arm.name, "%.0f" % statistics.median(row.values), "%.3f" % middle, "%.3f - %.3f" % (low, high),
             verdict(row.arm, low, middle, high))
    accepted = max((len(row.values) for row in rows), default=0)
    print("\nRatios are to %s in the same round; medians of %d rounds, %d rejected." %
          (section.reference.name, accepted, rejected), flush=True)
