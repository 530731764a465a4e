#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A listing is judged by gcov: `snapline count FILE:*` and gcov count one and the same run, line by line.

usage: listing.py [FILE.c ...]   (files of redis, built by tools/real-programs; default: networking.c db.c)
One file of redis-server is compiled again with --coverage, at -O0 and at -O2, and linked with the rest. The server
gets a fixed command list. At -O0 at least 99 of 100 lines that the line table has must be equal, at -O2 9 of 10 of all
lines that gcov names. Each other one must have a reason:
  dropped  no statement row has the line
  merged   a statement row of the line has its address in common with another line's
  split    the line has several rows: at -O2 copies and parts that were moved, at -O0 the parts of && || ?: over several
           lines, and `if (x) return;`, whose second block gcov counts once more
  return   gcov counts all returns of a function at one of them
Writes build/oracle/listing.txt.
"""
import glob
import gzip
import json
import os
import shlex
import subprocess
import sys
import threading

sys.dont_write_bytecode = True
import corpus
from oracle import SNAPLINE

EQUAL_AT = {"O0": 0.99, "O2": 0.9}
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
    run = subprocess.run([SNAPLINE, "count", "-f", "json", "-d", "120s", "-x", path, "src/" + name + ":*", "--", path, config],
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


def gcov_counts(folder, name):
    subprocess.run(["gcov", "--json-format"] + glob.glob(os.path.join(folder, "*.gcda")), cwd=folder, check=True,
                   stdout=subprocess.DEVNULL)
    counts = {}
    for report in glob.glob(os.path.join(folder, "*.gcov.json.gz")):
        with gzip.open(report, "rt") as file:
            for entry in json.load(file)["files"]:
                if os.path.basename(entry["file"]) != name:
                    continue
                for line in entry["lines"]:
                    counts[line["line_number"]] = counts.get(line["line_number"], 0) + line["count"]
    return counts


def all_rows(path, name):
    """{line: number of its rows}, also of those that begin no statement."""
    out = subprocess.run(["objdump", "--dwarf=decodedline", path], capture_output=True, text=True,
                         errors="replace").stdout
    found = {}
    for line in out.splitlines():
        words = line.split()
        if len(words) > 2 and words[0] == name and words[1].isdigit() and words[2].startswith("0x"):
            found.setdefault(int(words[1]), set()).add(words[2])
    return {line: len(addresses) for line, addresses in found.items()}


def reason(line, rows_of, lines_at, n_rows, text):
    """What the line table shows of a line whose counts differ."""
    addresses = rows_of.get(line, [])
    if not addresses:
        return "dropped"
    if any(len(lines_at[address]) > 1 for address in addresses):
        return "merged"
    if n_rows.get(line, 0) > 1:
        return "split"
    return "return" if "return" in text else "UNEXPLAINED"


def judge(source_folder, folder, path, name):
    """[(line, gcov's count, ours or None, verdict)] and the summary."""
    ours, summary = run_counted(folder, path, name)
    wanted = gcov_counts(folder, name)
    rows_of = {line: addresses for (file, line), addresses in corpus.line_rows(path).items()
               if os.path.basename(file) == name}
    lines_at = {}
    for line, addresses in rows_of.items():
        for address in addresses:
            lines_at.setdefault(address, set()).add(line)
    n_rows = all_rows(path, name)
    with open(os.path.join(source_folder, name), errors="replace") as file:
        source = file.read().splitlines()
    rows = []
    for line in sorted(wanted):
        hits = ours.get(line)
        verdict = "equal" if hits == wanted[line] else reason(line, rows_of, lines_at, n_rows, source[line - 1])
        rows.append((line, wanted[line], hits, verdict))
    return rows, summary


def main():
    names = sys.argv[1:] or ["networking.c", "db.c"]
    folders = glob.glob(os.path.join(REAL, "redis-*", "src"))
    if not folders or not glob.glob(os.path.join(folders[0], "networking.o")):
        print("ok - listings # SKIP tools/real-programs has not built redis")
        return 0
    report, failed, number = [], False, 0
    for option, least in EQUAL_AT.items():
        for name in names:
            folder, path = build(folders[0], name, option)
            rows, summary = judge(folders[0], folder, path, name)
            tally = {}
            for line, wanted, hits, verdict in rows:
                tally[verdict] = tally.get(verdict, 0) + 1
                report.append("%-11s %s %s:%d gcov %d, ours %s" % (verdict, option, name, line, wanted, hits))
            equal = tally.get("equal", 0)
            judged = len(rows) - (tally.get("dropped", 0) if option == "O0" else 0)
            number += 1
            passed = equal > 100 and equal >= least * judged and not tally.get("UNEXPLAINED")
            failed = failed or not passed
            print("%s %d - %s:* of redis at -%s: %d of %d lines (%.1f %%) as gcov counts them, %d hits; %s" % (
                "ok" if passed else "not ok", number, name, option, equal, judged, 100.0 * equal / judged,
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
