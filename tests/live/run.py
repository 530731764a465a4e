#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs the tests of tests/live/*.test, text over small targets, and prints TAP.

usage: run.py [-v] [FILE... or words of test names]
       run.py -l LIST     those that stand in the file LIST as FILE: NAME, one a line, # starts a comment

A test is a block of lines, blocks are separated by empty lines, # starts a comment:

  NAME what is promised
  TARGETS lists control       built first, from tests/targets (as build/targets/lists)
  REQUIRES root               skipped visibly without: root, btf, namespaces, sessions, a CPU (x86_64, aarch64),
                              a command's name, a file
  BEFORE command              started in the background; its pid is $PID; ended by its pid afterwards
  RUN command                 a shell command; snapline is in PATH, $T is build/targets, $TMP a folder of
                              its own; more RUN lines are run in turn, and the last one is judged
  STATUS 4                    its exit status (default 0)
  EXPECT regex                must be found in its output (stdout and stderr); multi-line, searched
  EXPECT_OUT, EXPECT_ERR      in that stream only
  EXPECT_NOT regex            must not be found
  TIMEOUT seconds             (default 20)

A target that can't do here what the test is about prints "not here: WHY"; if all else is as expected, that is a
visible skip.

$SLOW is by how much this machine is slower than most, a whole number, 1 unless the environment says
otherwise: timeouts grow by it, and so should what a test waits for snapline's start.
"""
import functools
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
SLOW = int(os.environ.get("SLOW", "1"))
ONCE = ("NAME", "STATUS", "TIMEOUT", "TARGETS", "BEFORE")
MANY = ("RUN", "EXPECT", "EXPECT_OUT", "EXPECT_ERR", "EXPECT_NOT", "REQUIRES")


def parse(path):
    """The tests of a file, each a dictionary; a word that isn't known ends the run."""
    tests, test = [], None
    with open(path) as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip("\n")
            if line.startswith("#"):
                continue
            if not line.strip():
                test = None
                continue
            word, _, rest = line.partition(" ")
            if test is None:
                test = {"file": path, "line": number}
                tests.append(test)
            if word in ONCE and word not in test:
                test[word] = rest.strip()
            elif word in MANY:
                test.setdefault(word, []).append(rest.strip())
            else:
                sys.exit("%s:%d: %s is unknown here, or stands twice" % (path, number, word))
    for test in tests:
        if "NAME" not in test or "RUN" not in test:
            sys.exit("%s:%d: a test needs NAME and RUN" % (path, test["line"]))
        if not any(word.startswith("EXPECT") for word in test):
            sys.exit("%s:%d: a test that expects nothing" % (path, test["line"]))
    return tests


@functools.lru_cache
def has_sessions():
    """Does snapline find session links? That it finds those that are there is a test of doctor."""
    told = subprocess.run([os.path.join(TOP, "build", "snapline"), "doctor", "-f", "json"], capture_output=True, text=True)
    checks = [json.loads(line) for line in told.stdout.splitlines()]
    return any(check.get("name") == "session links" and check["status"] == "ok" for check in checks)


def lacking(test):
    """Why the test can't run here, or None."""
    for need in " ".join(test.get("REQUIRES", [])).split():
        if need in ("x86_64", "aarch64"):
            if os.uname().machine != need:
                return "is for %s" % need
        elif need == "root":
            if os.geteuid() != 0:
                return "needs root"
        elif need == "btf":
            if not os.access("/sys/kernel/btf/vmlinux", os.R_OK):
                return "this kernel has no BTF"
        elif need == "namespaces":
            if subprocess.run(["unshare", "-m", "-p", "-f", "true"], capture_output=True).returncode != 0:
                return "unshare is not permitted"
        elif need == "sessions":
            if not has_sessions():
                return "this kernel has no session links (6.13)"
        elif "/" in need:
            if not os.path.exists(os.path.join(TOP, need)):
                return "%s is not built" % need
        elif shutil.which(need) is None:
            return "%s is not installed" % need
    return None


def build_targets(tests):
    """Builds what the tests name; returns what make said if it failed."""
    names = sorted({name for test in tests for name in test.get("TARGETS", "").split()})
    if not names:
        return None
    made = subprocess.run(["make", "-s", "--no-print-directory", "-j2"] + ["build/targets/" + n for n in names],
                          cwd=TOP, capture_output=True, text=True)
    return None if made.returncode == 0 else made.stdout + made.stderr


def end(process):
    """Ends a process group that this runner started."""
    try:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(3)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    except ProcessLookupError:
        process.wait()


def run_shell(command, environment, timeout):
    """(status, stdout, stderr); status None if it took too long."""
    process = subprocess.Popen(["bash", "-c", command], cwd=TOP, env=environment, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
                               start_new_session=True)
    try:
        out, err = process.communicate(timeout=timeout)
        return process.returncode, out, err
    except subprocess.TimeoutExpired:
        end(process)
        out, err = process.communicate()
        return None, out, err


def judge(test, status, out, err):
    """The complaints; none if the test passed."""
    bad = []
    wanted = int(test.get("STATUS", "0"))
    if status is None:
        bad.append("took longer than %s seconds" % test.get("TIMEOUT", "20"))
    elif status != wanted:
        bad.append("exit status %d, expected %d" % (status, wanted))
    for word, text in (("EXPECT", out + err), ("EXPECT_OUT", out), ("EXPECT_ERR", err)):
        bad += ["%s /%s/ is not there" % (word, pattern) for pattern in test.get(word, [])
                if not re.search(pattern, text, re.M)]
    bad += ["EXPECT_NOT /%s/ is there" % pattern for pattern in test.get("EXPECT_NOT", [])
            if re.search(pattern, out + err, re.M)]
    return bad


def run(test):
    """(complaints, output)."""
    with tempfile.TemporaryDirectory(prefix="snapline-live-") as folder:
        os.chmod(folder, 0o755)
        environment = dict(os.environ, T=os.path.join(TOP, "build", "targets"), TMP=folder, SLOW=str(SLOW), LC_ALL="C.UTF-8",
                           PATH=os.path.join(TOP, "build") + ":" + os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        background = None
        if "BEFORE" in test:
            background = subprocess.Popen(["bash", "-c", "exec " + test["BEFORE"]], cwd=TOP, env=environment,
                                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                          stderr=subprocess.DEVNULL, start_new_session=True)
            environment["PID"] = str(background.pid)
            time.sleep(0.1 * SLOW)
        try:
            for command in test["RUN"]:
                status, out, err = run_shell(command, environment, SLOW * float(test.get("TIMEOUT", "20")))
        finally:
            if background:
                end(background)
        return judge(test, status, out, err), out, err


def comment(text):
    print("\n".join("#   " + line for line in text.splitlines()[:60]))


def full_name(test):
    return "%s: %s" % (os.path.basename(test["file"]).replace(".test", ""), test["NAME"])


def names_of(path):
    with open(path) as file:
        return [line.strip() for line in file if line.strip() and not line.startswith("#")]


def select(tests, names):
    """Those with these names; a name that no test has ends the run."""
    unknown = set(names) - {full_name(test) for test in tests}
    if unknown:
        sys.exit("no test is named: %s" % ", ".join(sorted(unknown)))
    return [test for test in tests if full_name(test) in names]


def main():
    words = [word for word in sys.argv[1:] if word != "-v"]
    listed = None
    if words[:1] == ["-l"]:
        listed, words = names_of(words[1]), words[2:]
    files = [word for word in words if os.path.exists(word)]
    wanted = [word for word in words if word not in files]
    tests = [test for path in files or sorted(glob.glob(os.path.join(TOP, "tests", "live", "*.test")))
             for test in parse(path)]
    tests = [test for test in tests if all(word in test["NAME"] for word in wanted)]
    if listed is not None:
        tests = select(tests, listed)
    failed = build_targets([test for test in tests if not lacking(test)])
    if failed:
        comment(failed)
        print("not ok - the targets build")
        return 1
    passed = True
    for number, test in enumerate(tests, 1):
        name = full_name(test).replace("#", "")
        why = lacking(test)
        if why:
            print("ok %d - %s # SKIP %s" % (number, name, why), flush=True)
            continue
        bad, out, err = run(test)
        absent = re.search(r"^not here: .*", out, re.M)
        print("%s %d - %s%s" % ("not ok" if bad else "ok", number, name,
                                " # SKIP " + absent.group(0) if absent and not bad else ""), flush=True)
        if bad or "-v" in sys.argv:
            comment("%s:%d" % (os.path.relpath(test["file"], TOP), test["line"]))
            comment("\n".join(bad))
            comment("stdout:\n" + out + "stderr:\n" + err)
        passed = passed and not bad
    print("1..%d" % len(tests))
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
