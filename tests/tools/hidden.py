# SPDX-License-Identifier: BSD-2-Clause
"""Characters that gdb prints as they are and snapline in octal digits: they can't be seen, or they turn
and join the text around them (tools/unicode-table)."""
import re
import unicodedata

# Fillers, joiners, and what selects the variant of a character.
INVISIBLE = ("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0" +
             "".join(map(chr, [*range(0xfe00, 0xfe10), *range(0xe0100, 0xe01f0)])))


def hidden_characters(gdb, ours):
    """Both texts, with gdb's hidden characters as their bytes: these are compared."""
    octal = lambda match: "".join("\\%03o" % byte for byte in match[0].encode())
    hidden = lambda char: unicodedata.category(char) in ("Cf", "Co") or char in INVISIBLE
    found = "".join({char for char in gdb if hidden(char)} - set(ours))
    return (re.sub("[%s]" % found, octal, gdb), ours) if found else (gdb, ours)
