# SPDX-License-Identifier: BSD-2-Clause
"""Files in many processes: libraries, binaries that are deleted or replaced, other roots and namespaces."""
import os
import re
import shutil
import subprocess
import time

from harness import (FAMILY, LIBRARY, SNAPLINE, TOP, Process, Snap, build, check, check_counts, check_right, copy,
                     family, folder, functions, test, variable)

MANY = 20


def many_processes(argv, words, shots=2):
    """Half of them start before the probe, half of them after."""
    before = [family(*words) for _ in range(MANY // 2)]
    snap = Snap(*argv).attached()
    after = [family(*words) for _ in range(MANY // 2)]
    for target in before + after:
        target.go()
        target.wait()
    time.sleep(0.2)
    snap.interrupt().done()
    check_counts(snap, {target.pid: shots for target in before + after})
    return snap


@test("a library's function in twenty processes, -x LIBRARY")
def library():
    snap = many_processes(("-x", LIBRARY, "family_shared"), ("shared", 2))
    for shot in snap.shots:
        check("its own values", variable(shot, "pid") == shot["pid"], shot["frames"][0])
        check("frames", functions(shot)[:2] == ["family_shared", "call_shared"] and "outermost" in shot["stack_end"],
              functions(shot), shot["stack_end"])


@test("a library's function in twenty processes, -x BINARY and LIBRARY:FUNCTION")
def library_of_binary():
    snap = many_processes(("-x", FAMILY, "libfamily:family_shared"), ("shared", 2))
    for shot in snap.shots:
        check("its own values", variable(shot, "pid") == shot["pid"], shot["frames"][0])
        check("frames", functions(shot)[:2] == ["family_shared", "call_shared"], functions(shot))


@test("libc in twenty processes, of one binary")
def libc():
    stranger = Process("python3", "-c", "import ctypes, time; usleep = ctypes.CDLL(None).usleep\n"
                       "while True: usleep(1000)")
    before = [family("pause", 1, "pause", 1) for _ in range(MANY // 2)]
    snap = Snap("-x", FAMILY, "libc:usleep", "--if", "$arg1 == 1000", "--capture", "$arg1").attached()
    after = [family("pause", 1, "pause", 1) for _ in range(MANY // 2)]
    for target in before + after:
        target.go()
        target.wait()
    gone = Process(FAMILY, "pause", 1, "fork", "pause", 1, "exec", "/usr/bin/python3", "-c",
                   "import ctypes; ctypes.CDLL(None).usleep(1000)")
    gone.wait()
    time.sleep(0.2)
    check("the stranger lives", stranger.popen.poll() is None, stranger.err.lines)
    snap.interrupt().done()
    check("a process and its child until one executes another program",
          [n for pid, n in snap.by_pid().items() if pid not in {t.pid for t in before + after}] == [1, 1],
          snap.by_pid())
    snap.shots = [shot for shot in snap.shots if shot["pid"] in {t.pid for t in before + after}]
    check("two of each", snap.by_pid() == {target.pid: 2 for target in before + after}, snap.by_pid())
    for shot in snap.shots:
        check("frames", functions(shot)[0] == "usleep" and "main" in functions(shot), functions(shot))


@test("-x LIBRARY and libc: processes that map the library, also later")
def libc_of_library():
    script = "import ctypes, sys, time; usleep = ctypes.CDLL(None).usleep\nusleep(1000)\n" \
             "library = ctypes.CDLL(%r)\ntime.sleep(0.5)\nusleep(1000)\nusleep(1000)" % LIBRARY
    before = family("pause", 1)
    snap = Snap("-x", LIBRARY, "libc:usleep", "--if", "$arg1 == 1000").attached()
    later = Process("python3", "-c", script)
    later.wait()
    before.go()
    before.wait()
    time.sleep(0.2)
    snap.interrupt().done()
    check("none before it had mapped it", snap.by_pid() == {before.pid: 1, later.pid: 2}, snap.by_pid(),
          later.err.lines)


@test("-x and -p when nothing runs yet: PIE, non-PIE, static and static-PIE")
def kinds():
    where = folder()
    for name in ("pie", "fixed", "static", "static-pie"):
        path = build(os.path.join(where, name), name)
        snap = Snap("-x", path, "step").attached()
        first = family("calls", 2, path=path)
        inside = Snap("-p", first.pid, "step").attached()
        first.go()
        first.wait()
        inside.done()
        second = Process(path, "calls", 3)
        second.wait()
        time.sleep(0.2)
        snap.interrupt().done()
        check(name, snap.by_pid() == {first.pid: 2, second.pid: 3} and inside.by_pid() == {first.pid: 2},
              snap.by_pid(), inside.by_pid())
        check_right(snap, frames=("step", "main"))
        check_right(inside, frames=("step", "main"))


@test("a binary that was deleted, and one that was replaced")
def deleted():
    for replace in (False, True):
        path = copy("short-life")
        target = family("calls", 3, "shared", 2, path=path)
        os.unlink(os.path.join(os.path.dirname(path), "libfamily.so"))
        if replace:
            shutil.copy("/bin/true", path + ".new")
            os.rename(path + ".new", path)
        else:
            os.unlink(path)
        snap = Snap("-p", target.pid, "step", "libfamily:family_shared").attached()
        target.go()
        target.wait()
        snap.done()
        check_counts(snap, {target.pid: 5})
        for shot in snap.shots:
            check("frames", "main" in functions(shot) and "outermost" in shot["stack_end"], functions(shot))


@test("a binary that is replaced while it is probed: a notice, and the old one's hits")
def replaced():
    path = copy("replaced")
    target = family("calls", 3, path=path)
    snap = Snap("-x", path, "step").attached()
    shutil.copy(FAMILY, path + ".new")
    os.rename(path + ".new", path)
    check("a notice", snap.out.wait_for("was replaced"), snap.out.lines)
    stranger = Process(path, "calls", 4)
    stranger.wait()
    target.go()
    target.wait()
    time.sleep(0.2)
    snap.interrupt().done()
    check("hits of the old file", snap.by_pid() == {target.pid: 3}, snap.by_pid())
    check_right(snap)


def libraries_of(path):
    told = subprocess.run(["ldd", path], capture_output=True, text=True, check=True).stdout
    return re.findall(r"(/\S+)", told.replace(os.path.dirname(path) + "/", "/nowhere/"))


def new_root(static=False, debug=None):
    """A root folder with the target as /inside; debug: what happens to its debug information."""
    root = folder()
    inside = os.path.join(root, "inside")
    os.mkdir(os.path.join(root, "proc"))
    if static:
        build(inside, "static")
    else:
        copy("inside", inside)
        for path in libraries_of(FAMILY):
            if not path.startswith("/nowhere/"):
                os.makedirs(root + os.path.dirname(path), exist_ok=True)
                shutil.copy(path, root + path)
    if debug:
        debug(root, inside)
    return root


def enclosed(root, *words, wait=True):
    """A target in mount and pid namespaces of its own, on that root; outer is its pid here."""
    target = Process("unshare", "--mount", "--pid", "--fork", "--kill-child", "chroot", root, "/inside",
                     *(("wait",) if wait else ()), *words, env=dict(os.environ, LD_LIBRARY_PATH="/"))
    if wait:
        target.inner = target.ready()
        target.outer = child_of(target.pid)
    return target


def moved(path, *words):
    """A target in a mount namespace where its root has been exchanged, so that no path leads to it from here."""
    script = "mount --bind $0 $0 && cd $0 && mkdir -p old && pivot_root . old && exec /inside wait \"$@\""
    target = Process("unshare", "--mount", "--propagation", "private", "bash", "-c", script, path, *words,
                     env=dict(os.environ, LD_LIBRARY_PATH="/"))
    target.inner = target.ready()
    return target


def child_of(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid)) as file:
        return int(file.read().split()[0])


def snap_enclosed(root, frames=("step", "main", "__libc_start")):
    target = enclosed(root, "calls", 3, "fork", "calls", 2)
    snap = Snap("-p", target.outer, "--follow", "step").attached()
    target.go()
    target.wait()
    snap.done()
    check("hits", sorted(snap.by_pid().values()) == [2, 3] and snap.by_pid().get(target.outer) == 3, snap.by_pid())
    check_right(snap, inner=True, frames=frames)
    return snap


def no_namespaces():
    tried = subprocess.run(["unshare", "--mount", "--pid", "--fork", "true"], capture_output=True)
    return "unshare is not permitted here" if tried.returncode else None


@test("another root, mount and pid namespace: a dynamic and a static program")
def namespaces():
    why = no_namespaces()
    if why:
        return why
    for static in (False, True):
        snap_enclosed(new_root(static), ("step", "main"))
    return None


def by_build_id(root, inside):
    told = subprocess.run(["readelf", "-n", inside], capture_output=True, text=True, check=True).stdout
    build_id = re.search(r"Build ID: (\w+)", told).group(1)
    where = os.path.join(root, "usr/lib/debug/.build-id", build_id[:2])
    os.makedirs(where, exist_ok=True)
    debug = os.path.join(where, build_id[2:] + ".debug")
    subprocess.run(["objcopy", "--only-keep-debug", "--compress-debug-sections", inside, debug], check=True)
    subprocess.run(["strip", "-g", inside], check=True)


def by_debuglink(root, inside):
    where = os.path.join(root, "usr/lib/debug")
    os.makedirs(where, exist_ok=True)
    debug = os.path.join(where, "inside.debug")
    subprocess.run(["objcopy", "--only-keep-debug", inside, debug], check=True)
    subprocess.run(["strip", "-g", inside], check=True)
    subprocess.run(["objcopy", "--remove-section=.note.gnu.build-id", "--add-gnu-debuglink=" + debug, inside],
                   check=True)


def by_dwz(root, inside):
    """A shared part in the root, named by a path there."""
    one, two = inside + ".1", inside + ".2"
    shutil.copy(inside, one)
    shutil.copy(inside, two)
    os.makedirs(os.path.join(root, "usr/lib/debug/.dwz"), exist_ok=True)
    subprocess.run(["dwz", "-m", os.path.join(root, "usr/lib/debug/.dwz/shared"),
                    "-M", "/usr/lib/debug/.dwz/shared", one, two], check=True, capture_output=True)
    os.rename(one, inside)
    os.unlink(two)
    told = subprocess.run(["readelf", "-SW", inside], capture_output=True, text=True, check=True).stdout
    check("dwz has made a shared part", ".gnu_debugaltlink" in told)


@test("debug files that are only in that root: by build-id, compressed; by debuglink; dwz")
def debug_files():
    why = no_namespaces()
    if why:
        return why
    snap_enclosed(new_root(debug=by_build_id), ("step", "main"))
    snap_enclosed(new_root(debug=by_debuglink), ("step", "main"))
    if not shutil.which("dwz"):
        return "dwz is not installed"
    snap_enclosed(new_root(debug=by_dwz), ("step", "main"))
    return None


@test("a root that was exchanged by pivot_root: debug files there")
def pivoted():
    why = no_namespaces()
    if why:
        return why
    for debug in (None, by_build_id, by_debuglink):
        root = new_root(debug=debug)
        target = moved(root, "calls", 3)
        snap = Snap("-p", target.pid, "step").attached()
        target.go()
        target.wait()
        snap.done()
        check_counts(snap, {target.pid: 3})
        check_right(snap, frames=("step", "main", "__libc_start"))
        check("paths as the process has them", snap.shots[0]["frames"][0]["module"] == "/inside",
              snap.shots[0]["frames"][0])
    return None


@test("a binary that is mounted at another path, which doesn't exist here")
def mounted():
    why = no_namespaces()
    if why:
        return why
    path, where = copy("origin"), folder()
    script = "mount -t tmpfs none $0 && cp $1 $0/there && shift && exec $0/there wait \"$@\""
    target = Process("unshare", "--mount", "--propagation", "private", "bash", "-c", script, where, path, "calls", 3,
                     env=dict(os.environ, LD_LIBRARY_PATH=os.path.dirname(path)))
    target.ready()
    check("not to be seen here", not os.path.exists(where + "/there"))
    snap = Snap("-p", target.pid, "step").attached()
    everywhere = Snap("-x", "/proc/%d/root%s/there" % (target.pid, where), "step").attached()
    target.go()
    target.wait()
    time.sleep(0.1)
    for each in (snap, everywhere.interrupt()):
        each.done()
        check("hits", each.by_pid() == {target.pid: 3}, each.by_pid())
        check_right(each)
    return None


@test("short lives in that root: -x of the path there")
def short_lives_enclosed():
    why = no_namespaces()
    if why:
        return why
    root = new_root()
    keeper = enclosed(root, "calls", 1)
    for path in (root + "/inside", "/proc/%d/root/inside" % keeper.outer):
        snap = Snap("-x", path, "step").attached()
        for _ in range(4):
            enclosed(root, "calls", 2, wait=False).wait()
        time.sleep(0.2)
        snap.interrupt().done()
        check("hits", len(snap.shots) == 8 and len(snap.by_pid()) == 4, snap.by_pid())
        check_right(snap, inner=True, frames=("step", "main", "__libc_start"))
    keeper.go()
    keeper.wait()
    return None


@test("snapline inside a pid namespace: pids as they are there, others are not seen by -p")
def inside_namespace():
    why = no_namespaces()
    if why:
        return why
    script = """
        %s wait calls 3 fork calls 2 <$0/in >$0/out & pid=$!
        exec 3>$0/in
        while ! grep -q ready $0/out; do sleep 0.05; done
        %s snap -f json -v -n 0 --rate 0 -p $pid --follow step >$0/shots 2>$0/errors & snap=$!
        while ! grep -q 'probes stand' $0/shots; do sleep 0.05; kill -0 $snap || break; done
        echo >&3
        wait $pid; wait $snap; echo status $?; cat $0/shots $0/out; cat $0/errors
        """ % (FAMILY, SNAPLINE)
    where = folder()
    os.mkfifo(os.path.join(where, "in"))
    other = family("calls", 4)
    shell = Process("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", "-c", script,
                    where)
    check("it goes well inside", shell.out.wait_for(r"^status 0"), shell.out.lines, shell.err.lines)
    shell.wait()
    snap = Snap.__new__(Snap)
    snap.out = shell.out
    snap.read()
    other.go()
    other.wait()
    counted = {pid: n for pid, n in shell.counted().items()}
    check("counts", snap.by_pid() == counted and sorted(counted.values()) == [2, 3] and max(counted) < 1000,
          snap.by_pid(), counted)
    check_right(snap)
    return None


@test("/proc of another pid namespace is refused: its numbers would mean other processes")
def foreign_proc():
    why = no_namespaces()
    if why:
        return why
    told = subprocess.run(["unshare", "--pid", "--fork", "--kill-child", SNAPLINE, "snap", "-p", "1", "step"],
                          capture_output=True, text=True, cwd=TOP)
    check("status 1, and why", told.returncode == 1 and "another pid namespace" in told.stderr, told.returncode,
          told.stderr)
    return None


@test("a process that snapline's pid namespace doesn't see: its pid is missing, not 0")
def unseen():
    why = no_namespaces()
    if why:
        return why
    target = family("forever")
    for form, said in (("json", '"pid":null,"tid":null'), ("text", "pid <of another namespace>")):
        inside = Process("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", SNAPLINE, "snap",
                         "-f", form, "-d", "10s", "-x", FAMILY, "step")
        time.sleep(0.1)
        target.go()
        check("status 0", inside.wait() == 0, inside.err.lines)
        check("it says so", any(said in line for line in inside.out.lines), inside.out.lines)
        check("its function", any("call_steps" in line for line in inside.out.lines) or form == "json" and
              any('"step"' in line for line in inside.out.lines), inside.out.lines)
    return None


@test("no debug information: functions, stack, registers, arguments, and what is missing")
def bare():
    path = copy("bare")
    subprocess.run(["strip", "-g", path], check=True)
    subprocess.run(["strip", "-g", os.path.join(os.path.dirname(path), "libfamily.so")], check=True)
    target = family("calls", 2, path=path)
    snap = Snap("-p", target.pid, "step", "--regs", "--capture", "$arg2").attached()
    target.go()
    target.wait()
    snap.done()
    check("hits", len(snap.shots) == 2, snap.by_pid())
    for number, shot in enumerate(snap.shots):
        check("frames", functions(shot)[0] == "step" and "main" in functions(shot) and
              "outermost" in shot["stack_end"], functions(shot), shot["stack_end"])
        check("$arg2", shot["captures"][0]["value"] == number, shot["captures"])
        check("registers", any(r for r in shot.get("registers", [])), list(shot))
    missing = subprocess.run([SNAPLINE, "explain", "-x", path, "step"], capture_output=True, text=True, cwd=TOP)
    check("explain says what is missing", "no debug information" in missing.stdout + missing.stderr, missing.stdout,
          missing.stderr)
