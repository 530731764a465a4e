#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Compares what gdb printed with what value_dump printed, line by line.

usage: value_compare.py GDB OURS; exit status 1 and the lines if they differ.
"""
import re
import sys

from hidden import hidden_characters

# gdb's text, ours, and why both are right.
ALIKE = [
    (r"<error: Cannot access memory at address 0x[0-9a-f]+>", "<not captured>", "our word for it"),
]
# Lines that gdb gets wrong, or doesn't print.
LEFT_OUT = [
    ("value requires .* more than max-value-size", "gdb prints nothing, we the beginning"),
    ("<incomplete sequence", "gdb swallows the character before it; where that is cut off, see swallows()"),
]


def swallows(gdb, ours):
    """Is it but one character before a cut that gdb lacks?"""
    pieces = list(zip(gdb.split('"...'), ours.split('"...')))
    return gdb.count('"...') == ours.count('"...') and all(
        two == one or re.fullmatch(re.escape(one) + r"(\\[0-7]{3}|\\.|[^\\])", two) for one, two in pieces)


def main(gdb_path, our_path):
    differ = left_out = same = 0
    with open(gdb_path) as gdb, open(our_path) as ours:
        expected, found = gdb.read().splitlines(), ours.read().splitlines()
    incomplete = {line[2:] for line in expected if line.startswith("# ")}
    expected = [line for line in expected if not line.startswith("# ")]
    if len(expected) != len(found) or not found:
        print("gdb printed %d lines, value_dump %d" % (len(expected), len(found)))
        return 1
    for one, two in zip(expected, found):
        for pattern, text, _ in ALIKE:
            one = re.sub(pattern, text, one)
        one, two = hidden_characters(one, two)
        if one == two:
            same += 1
        elif any(re.search(pattern, one) for pattern, _ in LEFT_OUT):
            left_out += 1
        elif one.split()[0] in incomplete and swallows(one, two):
            left_out += 1
        else:
            differ += 1
            print("gdb:  %s\nours: %s" % (one[:2000], two[:2000]))
    print("%d alike, %d left out, %d differ" % (same, left_out, differ))
    return differ > 0 or same < 300


sys.exit(main(*sys.argv[1:]))
