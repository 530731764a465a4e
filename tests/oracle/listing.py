#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A listing is judged by gcov: `snapline count FILE:*` and gcov count one and the same run, line by line.

usage: listing.py [FILE.c ...]   (files of redis, built by tools/real-programs; default: those of NAMES)
One file of redis-server is compiled again with --coverage, at -O0 and at -O2, and linked with the rest. The server
gets a fixed command list. At -O0 every line that has code must have as many hits as gcov's graph has executions of
it (gcov_flow.py says where the figure that gcov prints is another). At -O2 9 of 10 of all lines that gcov names
must be equal, and each other one must be one that the line table shows as merged, split or dropped (line_table.py).
Writes build/oracle/listing.txt.
"""
import glob
import json
import os
import re
import shlex
import subprocess
import sys
import threading

sys.dont_write_bytecode = True
import corpus
import gcov_flow
import line_table
from oracle import SNAPLINE

EQUAL_AT = {"O0": 1.0, "O2": 0.9}
NAMES = ["networking.c", "db.c", "server.c", "t_string.c"]
REAL = os.path.join(corpus.TOP, "build", "real", "src")


def make_commands(source_folder, name):
    """How redis's Makefile compiles that file, and links the server."""
    out = subprocess.run(["make", "-n", "V=1", "-W", name, "MALLOC=libc", "BUILD_TLS=no", "USE_SYSTEMD=no",
                          "OPTIMIZATION=-O2", "CFLAGS=-g", "LDFLAGS=", "redis-server"], cwd=source_folder,
                         capture_output=True, text=True, check=True).stdout
    compiles = [line for line in out.splitlines() if line.endswith(" -c " + name)]
    links = [line for line in out.splitlines() if " -o redis-server " in line]
    if len(compiles) != 1 or len(links) != 1:
        sys.exit("listing.py: redis's Makefile says nothing that is understood of " + name)
    return shlex.split(compiles[0]), shlex.split(links[0])


def build(source_folder, name, option):
    """The server, with that one file compiled for coverage; (folder, path)."""
    folder = os.path.join(corpus.WORK, "listing", option, name[:-2])
    os.makedirs(folder, exist_ok=True)
    for old in glob.glob(os.path.join(folder, "*.gc*")):
        os.unlink(old)
    compile_command, link = make_commands(source_folder, name)
    thing, path = os.path.join(folder, name[:-2] + ".o"), os.path.join(folder, "redis-server")
    flags = [word for word in compile_command[1:-1] if word not in ("-MMD", "-c", "-O2", name[:-2] + ".o")
             and word != "-o"]
    subprocess.run(["gcc", *flags, "-" + option, "--coverage", "-o", thing, "-c", name], cwd=source_folder,
                   check=True, stderr=subprocess.DEVNULL)
    link = [thing if word == name[:-2] + ".o" else path if word == "redis-server" else word for word in link]
    subprocess.run(["gcc", *link[1:], "--coverage"], cwd=source_folder, check=True)
    return folder, path


def run_counted(folder, path, name):
    """{line: hits} as snapline counts them, and what its summary says."""
    socket_path = os.path.join(folder, "socket")
    config = os.path.join(folder, "redis.conf")
    if os.path.exists(socket_path):
        os.unlink(socket_path)
    with open(config, "w") as file:
        file.write(corpus.REDIS_CONFIG % socket_path)
    over = threading.Event()
    client = threading.Thread(target=corpus.redis_client, args=(socket_path, over), daemon=True)
    client.start()
    run = subprocess.run([SNAPLINE, "count", "-f", "json", "-d", "120s", "--max-overhead", "none", "-x", path,
                          "src/" + name + ":*", "--", path, config],
                         cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                         timeout=300)
    over.set()
    client.join(5)
    lines, summary = {}, None
    for text in (run.stdout + "\n" + run.stderr).splitlines():
        at = text.find('{"event":')
        event = json.loads(text[at:]) if at >= 0 else {}
        if event.get("event") == "count" and event["place"]["file"].endswith("/" + name):
            line = event["place"]["line"]
            lines[line] = lines.get(line, 0) + event["hits"]
        if event.get("event") == "summary":
            summary = event
    if summary is None:
        sys.exit("listing.py: snapline failed: " + run.stderr[-2000:])
    return lines, summary


def jumps_to(path, table, address):
    """The lines of the file whose code ends with a jump to the address."""
    out = subprocess.run(["objdump", "-d", "--no-show-raw-insn", path], capture_output=True, text=True,
                         errors="replace").stdout
    jumps = [int(at, 16) for at in re.findall(r"^ *([0-9a-f]+):\tjmp +%x " % address, out, re.M)]
    return {table.line_at(at) for at in jumps} - {None}


def is_merged_by_jump(line, surplus, executions, table, path):
    """Of two lines that end alike the compiler kept one end, with its row; the other jumps there. So this line has the
    other's executions too."""
    return surplus > 0 and any(executions.get((table.name, other)) == surplus
                               for address in table.statements[line] for other in jumps_to(path, table, address))


def why_unlike(line, hits, flow, executions, table, path):
    why = table.why_unlike(line)
    if not why and flow is not None and hits is not None and is_merged_by_jump(line, hits - flow, executions, table, path):
        why = "merged"
    return why or "UNEQUAL"


def judge(folder, path, name, option):
    """[(line, gcov's figure, executions by its graph or None, our hits or None, verdict)] and the summary.

    At -O0 the graph is the source's; optimised code was changed before gcov's counters went in, and either may be right.
    """
    ours, summary = run_counted(folder, path, name)
    executions, table = gcov_flow.executions(folder), line_table.FileLines(path, name)
    rows = []
    for (file, line), figure in sorted(gcov_flow.figures(folder).items()):
        if file != name:
            continue
        hits, flow = ours.get(line), executions.get((file, line))
        if option == "O0":
            verdict = "equal" if hits == flow else "UNEQUAL" if line in table.rows else "no_code"
        else:
            verdict = "equal"
            if hits is None or hits not in (figure, flow):
                verdict = why_unlike(line, hits, flow, executions, table, path)
        rows.append((line, figure, flow, hits, verdict))
    return rows, summary


def main():
    names = sys.argv[1:] or NAMES
    folders = glob.glob(os.path.join(REAL, "redis-*", "src"))
    if not folders or not glob.glob(os.path.join(folders[0], "networking.o")):
        print("ok - listings # SKIP tools/real-programs has not built redis")
        return 0
    report, failed, number = [], False, 0
    for option, least in EQUAL_AT.items():
        for name in names:
            folder, path = build(folders[0], name, option)
            rows, summary = judge(folder, path, name, option)
            tally = {}
            for line, figure, flow, hits, verdict in rows:
                tally[verdict] = tally.get(verdict, 0) + 1
                report.append("%-8s %s %s:%d gcov %d, by its graph %s, ours %s" % (
                    verdict, option, name, line, figure, flow, hits))
            equal, printed = tally.get("equal", 0), sum(figure == hits for _, figure, _, hits, _ in rows)
            judged = len(rows) - tally.get("no_code", 0)
            number += 1
            passed = equal > 100 and equal >= least * judged and not tally.get("UNEQUAL")
            failed = failed or not passed
            print("%s %d - %s:* of redis at -%s: %d of %d lines (%.1f %%) as gcov counts them (%d as it prints them), "
                  "%d hits; %s" % (
                      "ok" if passed else "not ok", number, name, option, equal, judged, 100.0 * equal / judged, printed,
                      summary["hits"], ", ".join("%s %d" % item for item in sorted(tally.items()) if item[0] != "equal")),
                  flush=True)
    os.makedirs(corpus.WORK, exist_ok=True)
    with open(os.path.join(corpus.WORK, "listing.txt"), "w") as file:
        file.write("\n".join(report) + "\n")
    if failed:
        print("\n".join("# " + row for row in report if not row.startswith("equal")))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
