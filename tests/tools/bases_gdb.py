# SPDX-License-Identifier: BSD-2-Clause
"""Objects with virtual bases as gdb prints them and as snap does, of the first hit of a line, in a
program that is linked at a fixed address. usage: bases_gdb.py SNAPLINE PROGRAM SOURCE LINE OBJECT..."""
import json
import re
import subprocess
import sys

snapline, program, source, line = sys.argv[1:5]
objects = sys.argv[5:]
place = "%s:%s" % (source, line)


def output(command):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=60, check=True).stdout


def bare(text):
    """Without the names of virtual tables, which gdb shows demangled."""
    return re.sub(r" <(vtable for \w+|_ZTV\w+)\+\d+>", "", text)


def gdb_texts():
    command = ["gdb", "-nx", "-q", "-batch", "-ex", "break " + place, "-ex", "run"]
    for name in objects:
        command += ["-ex", "output " + name, "-ex", "echo \\n"]
    return [bare(text) for text in output(command + [program]).splitlines()[-len(objects):]]


def snap_texts():
    command = [snapline, "snap", place, "-n", "1", "--frames", "1", "-f", "json"]
    for name in objects:
        command += ["--capture", name]
    for text in output(command + ["--", program]).splitlines():
        event = json.loads(text) if text.startswith("{") else {}
        if event.get("event") == "snapshot":
            return [bare(capture["text"]) for capture in event["captures"]]
    return []


gdb, snap = gdb_texts(), snap_texts()
for name, theirs, ours in zip(objects, gdb, snap):
    if theirs != ours:
        print("%s\n  gdb  %s\n  ours %s" % (name, theirs, ours))
sys.exit(gdb != snap or len(gdb) != len(objects))
