#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Makes the seed corpora of the fuzzers, from what other tests have: usage: seeds.py FOLDER."""

import glob
import os
import re
import shutil
import struct
import subprocess
import sys

GOLDEN = "tests/golden/snapshots"
FOLDER = sys.argv[1] if len(sys.argv) > 1 else "build/fuzz/seeds"
FILES = "build/fuzz/files"  # what lies around an ELF file or record file that is read


def put(fuzzer, name, data):
    folder = os.path.join(FOLDER, fuzzer)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())


def read(path):
    with open(path, "rb") as file:
        return file.read()


def expressions():
    number = 0
    for path in sorted(glob.glob("tests/golden/expr/*.test")):
        for line in open(path):
            if line.startswith("expr"):
                put("expr", f"{number:03}", line[4:].strip())
                number += 1
    put("expr", "message", read(f"{GOLDEN}/log-message"))
    put("expr", "message2", "{node.value} of {p->next->a:x}, {string:s} {buffer} {{{array[1]:d}}}")


def command_lines():
    places = re.findall(r'^\t\{"([^"]+)", PLACE_', read("tests/unit/test_spec.c").decode(), re.M)
    lines = [
        "snap\n-p\n1,22\nmain\n--if\nx > 1\n--capture\ny\n-n\n5\n--frames\n3\n--regs",
        "snap\n-x\n/bin/ls\nfile.c:12\n-d\n1.5s\n--rate\n10/s\n--stack\n4K\n--exact\n-q\n-v",
        "log\n--comm\nredis*\nmain:+3\nfound {x:x} of {name:s}\n--sample\n1/10\n-f\njson",
        "count\n-x\na\nmain:*\n--by\n$stack\n--by\nc\n--hist\nn\n-i\n2\n--keys\n9\n--source\nd",
        "tictoc\n-x\na\nf\ng%return\n--key\nid\n--slower\np99\n--open\n7\n--by\nx",
        "list\n-x\na\nlines\nfile.c",
        "explain\n-x\na\n*0x4011d6\n--tictoc\n-f\njson",
        "explain\n-x\na\nlibc:malloc\n--log\n{$arg1}\n--color\nalways",
        "replay\nfile.snap\n-f\ntrace\n--string\n9\n--elements\n3",
        "doctor\n-f\njson",
        "snap\n--follow\nf\n--\nsleep\n10",
        "_ZN5names5placeIiSt6vectorIiSaIiEEE4findERKS3_\n_ZNSt3mapIiiED1Ev\n_Z1fI1AIiiE1BIS1_S1_EEvv",
        "_RNvMsr_NtCs3ssYzQotkvD_3std4pathNtB5_7PathBuf3new\n_ZN4core3fmt5write17h1234567890abcdefE",
    ]
    for number, line in enumerate(lines + places):
        put("spec", f"{number:02}", line)


def block(text):
    data = bytes.fromhex(text)
    return bytes([len(data)]) + data


def frames():
    """The order of tests/fuzz/made_elf.h and fuzz_frames.c."""
    rules = [
        ("0c0708 9001", "41 0e10 8602 41 0d06"),  # push %rbp; mov %rsp, %rbp
        ("0c0708 9001", "0e20 8302 8c03"),
        ("0f03 7708 06 9001", "1603 03 7610 06"),  # by expressions
        ("0c0708 1610 02 7708", "0a 0e40 0b 0706 0803 0903 06"),
    ]
    expressions = [
        "9c", "56", "916c", "7758", "55", "", "319f", "a301559f", "5593045304", "0801 9d0800",
        "9e04 01020304", "7600 06 2308", "75007600 22 0800 1c 9f", "3028 0200 96 9f",
        "f2 b0000000 00", "03 0001400000000000", "0e 0800000000000000 e0", "a8 2b 9f",
        "a5 05 24 a8 46 1e a8 00 9f", "fd b0000000", "fa 9d000000 9f", "12 9401 1b 9f",
        "30 31 17 13 1d 2e 20 9f", "9d0804 5593 04 9d 0403",
    ]
    number = 0
    for cie, fde in rules:
        for start in range(0, len(expressions), 4):
            pick = lambda i: block(expressions[(start + i) % len(expressions)])
            data = b"".join(b"\0" + block(cie) + block(fde) for _ in range(3))
            data += block("2300") + block("2308") + block("750006")  # members, bound of the array
            for function in range(3):
                data += b"".join(pick(function * 8 + i) if i else block("9c") for i in range(8))
            data += b"\0\0\0"
            data += bytes([0, 8, 0x88, 3, 0x90, 4, 6, 0, 9, 10, 11, 12, 13, 14, 15, 16, 0x44] + [0] * 17)
            data += bytes([32, 2]) + bytes([0x44, 4, 0x58, 10, 0x68, 12, 0x81, 20] * 4)
            data += bytes([2, 2]) + block("00" * 32) + bytes([20, 1]) + block("11" * 8)
            put("frames", f"{number:02}", data)
            number += 1


RECORD, SECTION_HEAD, PROCESS_AT = 7, 8, {0x50414E53: (32, 48), 0x20474F4C: (24, 32)}


def kernel_records(path):
    """Those in a record file, as of process 1."""
    data, at = read(path), len("SNAPLINE RECORDS 2\n")
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        if kind == RECORD:
            record = bytearray(data[at + SECTION_HEAD:at + SECTION_HEAD + length])
            pid_at, start_at = PROCESS_AT[struct.unpack_from("<I", record)[0]]
            struct.pack_into("<II", record, pid_at, 1, 1)
            struct.pack_into("<Q", record, start_at, 1)
            yield record
        at += SECTION_HEAD + length + -length % 8


def with_pair(record):
    """The same with a first chunk that tells of its pair (include/pair.h)."""
    head, chunk = 496, 24
    n_chunks, data_offset = struct.unpack_from("<II", record, head - 8)
    values = b"".join(struct.pack("<QII", 0x402000 + 8 * i, 0, 24) for i in range(16))
    part = struct.pack("<QQQIIII", 5000, 1000, 3, 1, 1, 1, 0) + values + b"note" * 640
    record = record[:data_offset] + part + record[data_offset:]
    for i in range(n_chunks):
        at = head + i * chunk + 12
        struct.pack_into("<I", record, at, struct.unpack_from("<I", record, at)[0] + len(part))
    record[head:head] = struct.pack("<QIIHHI", 0, len(part), 0, 0, 3, 0)
    struct.pack_into("<II", record, head - 8, n_chunks + 1, data_offset + chunk)
    struct.pack_into("<I", record, 4, len(record))
    return record


def report():
    """Of count (user/event/report.c)."""
    text = lambda word: word.encode() + b"\0"
    numbers = lambda *values: struct.pack(f"<{len(values)}Q", *values)
    number = numbers(0, 1, 77, 0) + text("77") + text("") + text("") + numbers(0)
    stack = numbers(5, 0, 0, 0) + text("") * 3 + numbers(2) + text("handle") + text("run")
    histogram = numbers(3, 60, 10, 30, 10, 1, 20, 2, 976)
    rows = numbers(0, 0, 9, 3, 2) + number + stack
    rows += numbers(1, 1, 5, 0, 6) + number + stack + numbers(1) + histogram * 2
    return struct.pack("<QdQQ", 1, 1.5, 10**18, 3) + rows + numbers(0, 0xFFFFFFFF, 2, 2, 1)


def ring_records():
    for number, record in enumerate(kernel_records(f"{GOLDEN}/orders-gcc-O2.snap")):
        put("record", f"snap{number}", b"\0" + record)
        put("record", f"ring{number}", b"\x80" + record)
        put("record", f"tictoc{number}", b"\2" + with_pair(record))
    for number, record in enumerate(kernel_records(f"{GOLDEN}/log-gcc-O2.snap")):
        put("record", f"log{number}", b"\1" + record)
    put("record", "count", b"\3" + report())
    key = struct.pack("<4Q", 5, 4, 3, 0) + b"note".ljust(64, b"\0") + b"pen".ljust(64, b"\0")
    buckets = struct.pack("<HQHQ", 10, 5, 100, 2)
    put("record", "histogram", b"\4\2" + key + bytes(8) + struct.pack("<dQQQ", 1, 99, 1, 9) + buckets)


def records():
    for path in sorted(glob.glob(f"{GOLDEN}/orders-*")):
        if "." not in os.path.basename(path):
            # Never a file that is half there: a fuzzer may be reading it.
            shutil.copy(path, f"{FILES}/new")
            os.replace(f"{FILES}/new", f"{FILES}/{os.path.basename(path)}")
    for path in sorted(glob.glob(f"{GOLDEN}/*.snap") + glob.glob("tests/fuzz/records/*.snap")):
        put("replay", os.path.basename(path), read(path))


def compile_orders(name, compiler, *flags):
    """The program of the recorded snapshots, into build/fuzz/files."""
    path = os.path.join(FILES, name)
    subprocess.run(
        [compiler, "-g", "-nostdlib", "-static", "-fno-stack-protector", "-Wl,--build-id=sha1",
         "-Wl,-z,noseparate-code", f"-fdebug-prefix-map={os.getcwd()}=.", *flags,
         "-o", path, f"{GOLDEN}/orders.c"], check=True)
    return path


def programs():
    for name in ("gcc-O0", "gcc-O2", "clang-O2"):
        put("elf", name, read(f"{GOLDEN}/orders-{name}"))
    variants = {
        "gcc-O1-dwarf5": ("gcc", "-O1", "-gdwarf-5"),
        "gcc-O3-unrolled": ("gcc", "-O3", "-funroll-loops", "-gdwarf-4"),
        "clang-O1-dwarf5": ("clang", "-O1", "-gdwarf-5"),
        "clang-O2-dwarf5": ("clang", "-O2", "-gdwarf-5"),
        "gcc-compressed": ("gcc", "-O2", "-gz=zlib"),
        "gcc-compressed-gnu": ("gcc", "-O2", "-gz=zlib-gnu"),
        "gcc-type-units": ("gcc", "-O2", "-gdwarf-5", "-fdebug-types-section"),
        "gcc-type-units4": ("gcc", "-O2", "-gdwarf-4", "-fdebug-types-section"),
        "gcc-split": ("gcc", "-O2", "-gsplit-dwarf"),
        "gcc-dwarf64": ("gcc", "-O2", "-gdwarf64"),
        "gcc-debug-frame": ("gcc", "-O2", "-fno-asynchronous-unwind-tables", "-fno-unwind-tables"),
        "gcc-pie": ("gcc", "-O2", "-static-pie", "-fPIE"),
        "gcc-dynamic": ("gcc", "-O2", "-shared", "-fPIC"),
        "gcc-no-debug": ("gcc", "-O2", "-g0"),
    }
    for name, command in variants.items():
        put("elf", name, read(compile_orders("made", *command)))
    separate()
    shared()


def tool(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def separate():
    """FILES/stripped looks for its debug information in FILES/target."""
    whole, stripped, debug = compile_orders("made", "gcc", "-O2"), f"{FILES}/stripped", f"{FILES}/target"
    tool("objcopy", "--only-keep-debug", whole, debug)
    tool("objcopy", "--strip-all", f"--add-gnu-debuglink={debug}", whole, stripped)
    put("elf", "separate", read(debug))
    tool("objcopy", "--compress-debug-sections=zlib", debug)
    put("elf", "separate-compressed", read(debug))


def shared():
    """FILES/shares has a part of its debug information in FILES/target."""
    shares, other = compile_orders("shares", "gcc", "-O2"), compile_orders("made", "gcc", "-O1")
    whole = f"{FILES}/dwz"
    shutil.copy(shares, whole)
    tool("dwz", whole)
    put("elf", "dwz", read(whole))
    tool("dwz", "-m", f"{FILES}/target", "-M", "target", shares, other)
    put("elf", "dwz-shared", read(f"{FILES}/target"))


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
    shutil.rmtree(FOLDER, ignore_errors=True)
    os.makedirs(FILES, exist_ok=True)
    expressions()
    command_lines()
    frames()
    records()
    ring_records()
    programs()


main()
