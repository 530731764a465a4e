# SPDX-License-Identifier: BSD-2-Clause
"""What gdb's own `info address` says of a value that gdb prints: is it a guess, or wrong by a known fault of gdb?

clobbered      At this pc the variable is said to be in a register that every call may change, and the frame is
               in a call. gdb shows what the register holds now: what the callee left there, right or not. Where the
               callee's call frame information says that it saved the register (`info frame`), the value is exact
               and isn't of this class; so it is in a frame that a signal interrupted. Nor is code by gcc: it ends a
               location where a call changes the register, and knows what its own functions change (-fipa-ra).
               But a function that ended in a tail call, which gdb infers from call sites, is gone with its stack and
               such registers, whoever compiled it.
inline_entry   The variable of an inlined function is "what the register held at entry". gdb 13 takes the caller's
               call site, but evaluates it with the registers of the frame just outside the inlined one, which is the
               function itself, not its caller (dwarf2/expr.c: push_dwarf_reg_entry_value(), get_prev_frame()).
corrected      The same, but a parameter of the function itself was in that register at entry: gdb's own
               NAME@entry, which it evaluates in the right frame, stands for the value.
unset_frame    The frame base is a register (clang's rsp or rbp), and by the call frame information it isn't as far from
               the CFA at this pc as in most of the function: the prologue has not set it up yet, the epilogue has
               given it back, or arguments of a call are on the stack. gdb takes the register as it is, and so reads
               beside the variable.
"""
import functools
import re
import subprocess

import gdb

MAX_FRAMES = 64
CALL_CLOBBERED = {"rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11"}
ON_STACK = r"frame base|DW_OP_fbreg|DW_OP_call_frame_cfa|\$rsp"
ENTRY_VALUE = r"\d+: DW_OP_(?:GNU_)?entry_value\s+\d+: DW_OP_reg\d+ \[\$(\w+)\]"


def location_at(text, pc):
    """The part of `info address` that holds at pc."""
    if "multi-location" not in text:
        return text
    for match in re.finditer(r"Range 0x([0-9a-f]+)-0x([0-9a-f]+): (.*?)(?=Range 0x|Base address|\Z)", text, re.S):
        if int(match[1], 16) <= pc < int(match[2], 16):
            return match[3]
    return ""


def pieces(text):
    """[(first bit, bits, text)]; one without end where the whole is in one place."""
    found, start = [], 0
    for match in re.finditer(r"(.*?)(\d+)-byte piece\]?", text, re.S):
        found.append((start, 8 * int(match[2]), match[1]))
        start += 8 * int(match[2])
    return found or [(0, 1 << 62, text)]


def registers(text):
    """The registers whose present content the location needs."""
    return set(re.findall(r"\$(\w+)", re.sub(ENTRY_VALUE, "", text)))


def entry_register(text):
    """The register, where the location is its content at entry and nothing else."""
    match = re.search(r"complex DWARF expression:\s+" + ENTRY_VALUE + r"\s+\d+: DW_OP_stack_value[\s.]*$", text)
    return match[1] if match else None


def address_text(frame, name):
    frame.select()
    try:
        return gdb.execute("info address " + name, to_string=True)
    except gdb.error:
        return ""


def leaves(node):
    if "c" not in node:
        yield node
        return
    for _, child in node["c"]:
        yield from leaves(child)


maps = {}  # path to [bias, start, end], as of this stop


@functools.lru_cache(maxsize=None)
def call_frames(path):
    """[(start, end, [(address, CFA as "reg+offset")])] of the functions."""
    text = subprocess.run(["readelf", "--debug-dump=frames-interp", path], capture_output=True, text=True).stdout
    found = []
    for line in text.splitlines():
        head = re.search(r" FDE cie=\S+ pc=([0-9a-f]+)\.\.([0-9a-f]+)", line)
        row = re.match(r"([0-9a-f]{16}) (\S+)", line)
        if head:
            found.append((int(head[1], 16), int(head[2], 16), []))
        elif row and found and found[-1][0] <= int(row[1], 16) < found[-1][1]:
            found[-1][2].append((int(row[1], 16), row[2]))
    return found


def is_unset(ip, register):
    """Is the CFA not where it is in most of the function, seen from the register?"""
    for path, (bias, start, end) in maps.items():
        if not start <= ip < end:
            continue
        for first, last, rows in call_frames(path):
            if first <= ip - bias < last:
                spans = list(zip(rows, [at for at, _ in rows[1:]] + [last]))
                here = next((cfa for (at, cfa), until in spans if at <= ip - bias < until), None)
                bytes_of = {}
                for (at, cfa), until in spans:
                    if cfa.startswith(register + "+"):
                        bytes_of[cfa] = bytes_of.get(cfa, 0) + until - at
                return bool(bytes_of) and here != max(bytes_of, key=bytes_of.get)
    return False


def abandoned_searches():
    """How often gdb gives up looking for tail calls, as it takes a function's cold part for another function.

    Looked at before anything else unwinds the stack: gdb searches once, and says so then.
    """
    said = ""
    gdb.execute("maint flush register-cache", to_string=True)
    gdb.execute("set debug entry-values 1")
    try:
        for _ in range(MAX_FRAMES):
            said += gdb.execute("up-silently", to_string=True)
    except gdb.error:
        pass
    gdb.execute("set debug entry-values 0")
    gdb.newest_frame().select()
    return sum(1 for at in re.findall(r"failed to find function name for address (0x\w+)", said)
               if is_cold(int(at, 16)))


def is_cold(at):
    return re.match(r"\S+\.cold(\.\d+)? in section", gdb.execute("info symbol %#x" % at, to_string=True))


def functions_at(pc):
    """The function whose code is there, innermost inlined copy first."""
    found, block = [], gdb.block_for_pc(pc)
    while block is not None and not block.is_static:
        if block.function is not None:
            found.append(block.function.name)
        block = block.superblock
    return found


class FrameEvidence:
    """Of one frame; `mark` adds "how" to the leaves of its variables."""

    def __init__(self, frame):
        self.frame = self.physical = frame
        self.is_inline = frame.type() == gdb.INLINE_FRAME
        while self.physical.type() == gdb.INLINE_FRAME:
            self.physical = self.physical.older()
        self.callee = self.physical.newer()
        while self.callee is not None and self.callee.type() in (gdb.INLINE_FRAME, gdb.TAILCALL_FRAME):
            self.callee = self.callee.newer()
        self.in_call = self.callee is not None and self.callee.type() != gdb.SIGTRAMP_FRAME
        self.pc = frame.pc() - self.in_call
        self.is_gcc = self.by_gcc()
        self.is_gone = self.physical.type() == gdb.TAILCALL_FRAME
        guesses = self.callee is not None and (self.is_gone or not self.is_gcc)
        self.guessed = CALL_CLOBBERED - self.saved() if guesses else set()

    def by_gcc(self):
        function = self.physical.function()
        return function is not None and (function.symtab.producer or "").startswith("GNU C")

    def saved(self):
        """Registers that the callee's call frame information gives back."""
        self.callee.select()
        text = gdb.execute("info frame", to_string=True)
        return set(re.findall(r"(\w+) at 0x", text[text.find("Saved registers:"):]))

    def parameter_in(self, register):
        """The function's parameter that comes in the register."""
        block = gdb.block_for_pc(self.physical.pc() - self.in_call)
        # An inlined copy's block has a function too: the outermost one is that of the frame.
        while block is not None and block.superblock is not None and not block.superblock.is_static:
            block = block.superblock
        for symbol in block or ():
            text = symbol.is_argument and location_at(address_text(self.physical, symbol.name), block.start)
            if text and re.match(r"a variable in \$%s[\s.]*$" % register, text):
                return symbol.name
        return None

    def correct(self, node, text, kind, leaf):
        """gdb's own value in the right frame; True if it has one."""
        register = entry_register(text)
        name = self.parameter_in(register) if register else None
        if not name:
            return False
        self.physical.select()
        try:
            right = leaf(gdb.Value(int(gdb.parse_and_eval(name + "@entry"))).cast(kind))
        except (gdb.error, OverflowError):
            return False
        node["wrong"] = node["t"]
        node.update(right)
        return True

    def mark(self, variable, kind, leaf):
        if self.is_gcc and not self.is_inline and not self.is_gone:
            return
        places = pieces(location_at(address_text(self.frame, variable["name"]), self.pc))
        for node in leaves(variable["value"]):
            at = node.get("o", 0)
            text = next((text for start, bits, text in places if start <= at < start + bits), "")
            base = re.search(r"frame base reg \$(\w+)", text)
            if registers(text) & self.guessed or (self.is_gone and re.search(ON_STACK, text)):
                node["how"] = "clobbered"
            elif base and is_unset(self.pc, base[1]):
                node["how"] = "unset_frame"
            elif self.is_inline and re.search(ENTRY_VALUE, text) and "x" not in node:
                whole = node is variable["value"]
                node["how"] = "corrected" if whole and self.correct(node, text, kind, leaf) else "inline_entry"


def mark_all(frame, found, leaf):
    """found: [(symbol, entry)]. A name that an inner block hides has no evidence: `info address` finds the inner one."""
    evidence = FrameEvidence(frame)
    seen = set()
    for symbol, entry in found:
        if entry["name"] not in seen:
            evidence.mark(entry, symbol.type, leaf)
        seen.add(entry["name"])
    gdb.newest_frame().select()
