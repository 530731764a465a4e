# SPDX-License-Identifier: BSD-2-Clause
"""The programs that the oracle runs, how each is started, and which places of them are reached."""
import json
import os
import re
import socket
import subprocess
import threading
import time

import world

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
HERE = os.path.join(TOP, "tests", "oracle")
WORK = os.path.join(TOP, "build", "oracle")
REACH_CAP = 12
REACH_INPUTS = ("corpus.py", "world.py", "reach.c", "frozen.c", "sqlite.sql", "redis.commands")


class Cell:
    """One program x compiler x option."""

    def __init__(self, program, compiler, option, path, modules=None, arguments=(), environment=None):
        self.program, self.compiler, self.option = program, compiler, option
        self.path = path
        self.modules = modules or [path]
        self.arguments = list(arguments)
        self.environment = environment or {}

    @property
    def name(self):
        return "%s %s %s" % (self.program, self.compiler, self.option)

    @property
    def slug(self):
        return self.name.replace(" ", ".")

    def prepare(self):
        """Called before each run; returns a function to call after it, and the arguments of this run."""
        return (lambda: None), self.arguments


class Redis(Cell):
    """A server that a client sends the fixed command list to, in one piece."""

    def prepare(self):
        path = os.path.join(world.folder(), "socket")
        if os.path.exists(path):
            os.unlink(path)
        config = os.path.join(world.folder(), "redis.conf")
        with open(config, "w") as file:
            file.write(REDIS_CONFIG % path)
        over = threading.Event()
        client = threading.Thread(target=redis_client, args=(path, over), daemon=True)
        client.start()

        def done():
            over.set()
            client.join(5)
        return done, [config]


# gdb starts programs without a shell, and then takes no empty argument and none with a space.
REDIS_CONFIG = """port 0
unixsocket %s
save ""
appendonly no
activerehashing no
dynamic-hz no
jemalloc-bg-thread no
"""


def redis_commands():
    out = b""
    with open(os.path.join(HERE, "redis.commands")) as file:
        for line in file:
            words = [w.strip('"') for w in re.findall(r'"[^"]*"|\S+', line)]
            out += b"*%d\r\n" % len(words)
            for word in words:
                out += b"$%d\r\n%s\r\n" % (len(word), word.encode())
    return out + b"*2\r\n$8\r\nSHUTDOWN\r\n$6\r\nNOSAVE\r\n"


def redis_client(path, over):
    while not over.is_set():
        try:
            client = socket.socket(socket.AF_UNIX)
            client.connect(path)
            break
        except OSError:
            time.sleep(0.02)
    else:
        return
    try:
        client.settimeout(1)
        client.sendall(redis_commands())
        while not over.is_set():
            try:
                if not client.recv(65536):
                    break
            except socket.timeout:
                continue
    except OSError:
        pass
    client.close()


def cells():
    """All cells of what is built; the real programs only where tools/real-programs has built them."""
    build_helpers()
    found = []
    targets = os.path.join(TOP, "build", "targets")
    for entry in sorted(os.listdir(targets)):
        match = re.fullmatch(r"([a-z]+)\.(gcc|clang)-(O[0-3])-(dw[45])", entry)
        if not match:
            continue
        path = os.path.join(targets, entry)
        library = os.path.join(targets, "lib%s.so" % entry)
        modules = [path] + ([library] if os.path.exists(library) else [])
        found.append(Cell(match[1], match[2], "%s-%s" % (match[3], match[4]), path, modules))
    real = os.path.join(TOP, "build", "real")
    sqlite = os.path.join(real, "sqlite3")
    if os.path.exists(sqlite):
        found.append(Cell("sqlite3", "gcc", "O2-dw5", sqlite,
                          arguments=["-batch", "-init", os.path.join(HERE, "sqlite.sql"), ":memory:", ".quit"]))
    redis = os.path.join(real, "redis", "redis-server")
    if os.path.exists(redis):
        found.append(Redis("redis", "gcc", "O2-dw5", world.at_home(redis),
                           environment={"LD_PRELOAD": world.at_home(os.path.join(WORK, "frozen.so"))}))
    return found


def line_rows(path):
    """{(file, line): [addresses]} of the statement rows of a file's line table."""
    rows = {}
    out = subprocess.run(["objdump", "--dwarf=decodedline", path], capture_output=True, text=True,
                         errors="replace").stdout
    for line in out.splitlines():
        match = re.match(r"^(\S+)\s+(\d+)\s+(0x[0-9a-f]+)(?:\s+\d+)?\s+x\s*$", line)
        if match and int(match[2]):
            rows.setdefault((match[1], int(match[2])), []).append(match[3])
    return {key: sorted(set(addresses)) for key, addresses in rows.items()}


def main_address(path):
    out = subprocess.run(["nm", path], capture_output=True, text=True).stdout
    return re.search(r"^([0-9a-f]+) T main$", out, re.M)[1]


def build_helpers():
    os.makedirs(WORK, exist_ok=True)
    for name, flags in (("reach", []), ("frozen.so", ["-shared", "-fPIC"])):
        source = os.path.join(HERE, name.replace(".so", "") + ".c")
        out = os.path.join(WORK, name)
        if not os.path.exists(out) or os.path.getmtime(out) < os.path.getmtime(source):
            subprocess.run(["gcc", "-O2", "-Wall", "-Wextra", *flags, "-o", out, source], check=True)


def reached(cell):
    """[(module, file, line, address, count)] of the statement rows that one run reaches; kept in a file."""
    kept = os.path.join(WORK, "reached", cell.slug + ".json")
    paths = {os.path.basename(path): path for path in cell.modules}
    inputs = [os.path.join(HERE, name) for name in REACH_INPUTS]
    newest = max(os.path.getmtime(path) for path in cell.modules + inputs)
    if os.path.exists(kept) and os.path.getmtime(kept) > newest:
        with open(kept) as file:
            return [(paths[row[0]], *row[1:]) for row in json.load(file)]
    os.makedirs(os.path.dirname(kept), exist_ok=True)
    names = {}
    wanted, counts = kept + ".wanted", kept + ".counts"
    with open(wanted, "w") as file:
        for module in cell.modules:
            for (source, line), addresses in line_rows(module).items():
                for address in addresses:
                    if (module, int(address, 16)) not in names:
                        file.write("%s %s\n" % (module, address[2:]))
                    names.setdefault((module, int(address, 16)), []).append((source, line))
    done, arguments = cell.prepare()
    # The preloaded library slows nothing down, and keeps the run the one that is judged.
    subprocess.run([os.path.join(WORK, "reach"), str(REACH_CAP), main_address(cell.path), wanted, counts, "--",
                    cell.path, *arguments], env=cell.environment, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=300, check=True)
    done()
    rows = []
    with open(counts) as file:
        for line in file:
            module, address, count = line.rsplit(" ", 2)
            for source, number in names[(module, int(address, 16))]:
                rows.append((module, source, number, address, int(count)))
    with open(kept, "w") as file:
        json.dump([(os.path.basename(row[0]), *row[1:]) for row in rows], file)
    return rows


