#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes a C program full of initialised variables of all kinds, by a seed.

usage: value_gen.py SEED [utf8] >FILE.c
With `utf8`, bytes of text form valid UTF-8. Otherwise any byte may follow any other.
The names of the variables stand in comments of the form /* show NAME */.
"""
import random
import sys

SCALARS = ["char", "signed char", "unsigned char", "short", "unsigned short", "int", "unsigned",
           "long", "unsigned long", "long long", "_Bool", "float", "double", "enum plain",
           "enum flags", "enum gaps", "enum signs", "word", "int *", "char *", "void *", "callback",
           "struct pair *", "__int128", "unsigned __int128", "_Complex double", "_Complex float",
           "int8_t", "uint8_t", "_Float16"]
SIZES = {"char": 1, "signed char": 1, "unsigned char": 1, "int8_t": 1, "uint8_t": 1}
HEAD = """
#include <stdint.h>
#include <stddef.h>
#include <wchar.h>
#include <uchar.h>
enum plain { P_ZERO, P_ONE, P_TWO, P_THREE, P_TEN = 10 };
enum flags { F_NONE, F_A = 1, F_B = 2, F_C = 4, F_D = 64 };
enum gaps { G_A = 1, G_B = 5, G_C = 100 };
enum signs { S_A = -2, S_B = 3 };
typedef unsigned short word;
struct pair { int x, y; };
typedef int (*callback)(struct pair *);
static struct pair target[7] = {{1, 2}, {3, 4}};
char text[40] = "forty bytes of text for pointers";
int function(struct pair *p) { return p->x; }
"""


class Generator:
    def __init__(self, seed, utf8):
        self.random = random.Random(seed)
        self.utf8 = utf8
        self.structs = []
        self.lines = [HEAD]
        self.names = []

    def name(self, prefix):
        self.names.append("%s_%d" % (prefix, len(self.names)))
        return self.names[-1]

    def text_bytes(self, length):
        """Runs of one byte, around the threshold of ten, and single ones, NULs more often."""
        r = self.random
        out = b""
        while len(out) < length:
            if self.utf8 and r.random() < 0.2:
                unit = r.choice("\u00e9\u00df\u20ac\u4e2d\U0001f600").encode()
            elif self.utf8:
                unit = bytes([r.choice([0, 9, 10, 27, 34, 39, 92, 127, r.randrange(128)])])
            else:
                unit = bytes([r.choice([0, 0, 9, 10, 27, 34, 39, 48, 92, 127, 255, r.randrange(32, 127),
                                        r.randrange(256)])])
            out += unit * r.choice([1, 1, 1, 1, 2, 3, 9, 10, 11, 12, 20, 40])
        out = out[:length]
        if self.utf8:
            out = out.decode(errors="ignore").encode()
            out += bytes(length - len(out))
        return out

    @staticmethod
    def byte_list(data):
        return "{" + ", ".join(map(str, data)) + "}"

    def char_array(self):
        length = self.random.choice([1, 2, 5, 8, 16, 31, 32, 33, 34, 64, 100])
        kind = self.random.choice(["char", "unsigned char", "signed char", "uint8_t"])
        self.lines.append("%s %s[%d] = %s;" % (kind, self.name("chars"), length,
                                               self.byte_list(self.text_bytes(length))))

    def char_table(self):
        rows, columns = self.random.choice([2, 3, 12, 40]), self.random.choice([3, 8, 36])
        row = [self.text_bytes(columns) for _ in range(3)]
        data = [self.random.choice(row) if self.random.random() < 0.3 else row[0] for _ in range(rows)]
        self.lines.append("char %s[%d][%d] = {%s};" % (
            self.name("table"), rows, columns, ", ".join(map(self.byte_list, data))))

    def wide_array(self):
        kind = self.random.choice(["wchar_t", "char16_t", "char32_t"])
        length = self.random.choice([1, 4, 12, 20, 40])
        values = []
        while len(values) < length:
            values += [self.random.choice([0, 65, 98, 10, 34, 39, 7, 127])] * self.random.choice([1, 1, 2, 12])
        self.lines.append("%s %s[%d] = {%s};" % (kind, self.name("wide"), length,
                                                 ", ".join(map(str, values[:length]))))

    def char_pointer(self):
        length = self.random.choice([0, 1, 5, 30, 31, 32, 33, 34, 60])
        name = self.name("string")
        data = self.text_bytes(length) + b"\0"
        self.lines.append("static char %s_text[] = %s;\nchar *%s = %s_text;" % (
            name, self.byte_list(data), name, name))

    def pointer(self):
        kind, value = self.random.choice([
            ("int *", "&target[%d].y" % self.random.randrange(7)), ("void *", "function"),
            ("void *", "text + %d" % self.random.randrange(40)), ("callback", "function"),
            ("callback", "0"), ("struct pair *", "target + %d" % self.random.randrange(7)),
            ("char *", "text + %d" % self.random.randrange(40)), ("char *", "0"),
            ("const unsigned char *", "(void *)(text + 3)"), ("int *", "(int *)16"),
            ("char *", "(char *)16"), ("struct pair **", "(void *)target"),
            ("unsigned char *volatile", "(void *)0x7fff12345678")])
        self.lines.append("%s %s = %s;" % (kind, self.name("pointer"), value))

    def int_array(self):
        r = self.random
        length = r.choice([1, 9, 10, 11, 12, 31, 32, 33, 60, 200])
        values = []
        while len(values) < length:
            values += [r.choice([0, 0, 1, -1, r.randrange(-9, 9)])] * r.choice([1, 1, 2, 9, 10, 11, 12, 30])
        kind = r.choice(["int", "short", "long", "float", "double", "signed", "enum flags", "word"])
        self.lines.append("%s %s[%d] = {%s};" % (kind, self.name("ints"), length,
                                                 ", ".join(map(str, values[:length]))))

    def matrix(self):
        r = self.random
        shape = [r.choice([1, 2, 3, 11, 12, 35]) for _ in range(r.choice([2, 2, 3]))]
        total = 1
        for n in shape:
            total *= n
        values = []
        while len(values) < total:
            values += [r.choice([0, 1, 2])] * r.choice([1, 3, 12, shape[-1], 3 * shape[-1]])
        self.lines.append("int %s%s = {%s};" % (self.name("matrix"), "".join("[%d]" % n for n in shape),
                                               ", ".join(map(str, values[:total]))))

    def member(self, i, depth):
        r = self.random
        what = r.random()
        if what < 0.2:
            kind, top = r.choice([("unsigned", 32), ("int", 32), ("unsigned long", 64), ("_Bool", 1),
                                  ("enum flags", 32), ("enum plain", 32), ("unsigned char", 8), ("long", 64)])
            return "%s b%d : %d;" % (kind, i, r.randrange(1, top + 1))
        if what < 0.25:
            return "int : %d;" % r.randrange(0, 9)
        if what < 0.35 and depth < 3:
            return "%s { %s } %s;" % (r.choice(["struct", "union"]), self.members(depth + 1, "%d_" % i),
                                      r.choice(["", "n%d" % i]))
        if what < 0.45 and self.structs:
            return "struct %s s%d%s;" % (r.choice(self.structs), i, r.choice(["", "[2]", "[12]"]))
        if what < 0.6:
            return "%s a%d[%d];" % (r.choice(["char", "unsigned char"] + SCALARS), i, r.choice([1, 4, 13, 40]))
        return "%s m%d;" % (r.choice(SCALARS), i)

    def members(self, depth=0, prefix=""):
        text = " ".join(self.member(i, depth) for i in range(self.random.randrange(1, 6)))
        for letter in "bnsam" if prefix else "":
            for i in range(6):
                text = text.replace(" %s%d" % (letter, i), " %s%s%d" % (letter, prefix, i))
        return text

    def struct(self):
        """A struct over random bytes, so that every member has every pattern."""
        r = self.random
        tag = "t%d" % len(self.structs)
        self.lines.append("struct %s { %s };" % (tag, self.members()))
        self.structs.append(tag)
        name = self.name("object")
        words = ["0x%xull" % r.choice([0, 0, 1, 2, 0x4142434445464748, r.getrandbits(64), r.getrandbits(8)])
                 for _ in range(64)]
        self.lines.append("union { unsigned long filler[64]; struct %s it; } %s = {{%s}};" % (
            tag, name, ", ".join(words)))

    def flexible(self):
        kind = self.random.choice(["char", "int", "struct pair", "short"])
        values = {"struct pair": "{1, 2}, {3, 4}", "char": "'f', 'x', 0"}.get(kind, "1, 2")
        zero = self.random.choice(["", "0"])
        self.lines.append("struct { int n; %s tail[%s]; } %s = {3%s};" % (
            kind, zero, self.name("flexible"), "" if zero else ", {%s}" % values))

    def real(self):
        r = self.random
        kind, bits = r.choice([("float", 32), ("double", 64), ("_Float16", 16)])
        pattern = r.choice([r.getrandbits(bits), r.getrandbits(bits), 0, 1, 1 << (bits - 1),
                            (1 << bits) - 1, r.getrandbits(bits) | 0x7f << (bits - 8)])
        self.lines.append("union { uint%d_t bits; %s it; } %s = {%dull};" % (
            bits, kind, self.name("real"), pattern))
        self.lines.append("long double %s = %rL; __float128 %s = %rQ; _Complex long double %s = %rL;" % (
            self.name("extended"), r.uniform(-1e6, 1e6), self.name("quad"), r.uniform(-2, 2),
            self.name("complex"), r.random()))

    def vector(self):
        kind = self.random.choice(["int", "char", "float", "unsigned char", "short"])
        values = [self.random.randrange(100) for _ in range(16 // {"int": 4, "float": 4, "short": 2}.get(kind, 1))]
        if self.random.random() < 0.3:
            values = [values[0]] * len(values)
        name = self.name("vector")
        self.lines.append("typedef %s %s_t __attribute__((vector_size(16)));\n%s_t %s = {%s};" % (
            kind, name, name, name, ", ".join(map(str, values))))

    def program(self, rounds):
        kinds = [self.char_array, self.char_array, self.char_table, self.wide_array, self.char_pointer,
                 self.pointer, self.pointer, self.int_array, self.int_array, self.matrix, self.struct,
                 self.struct, self.flexible, self.real, self.vector]
        for _ in range(rounds):
            for kind in kinds:
                kind()
        shown = "\n".join("/* show %s */" % name for name in self.names)
        return "\n".join(self.lines) + "\n" + shown + "\nint main(void) { return target[0].x + text[0]; }\n"


print(Generator(sys.argv[1], sys.argv[2:] == ["utf8"]).program(20))
