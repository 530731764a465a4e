/* SPDX-License-Identifier: BSD-2-Clause */
/* Lays out a tree of values: on one line where it fits, else filled lines inside braces. */
#ifndef SNAPLINE_TREE_H
#define SNAPLINE_TREE_H

#include "out/pen.h"
#include "value/value.h"

/* A struct, union or array with its members shown: it has braces. */
bool tree_is_aggregate(const struct value *value);
/* For a frame's line: without what it points to, an aggregate as `...`, reasons as short as gdb's.
 */
void tree_put_brief(struct pen *pen, const struct value *value);
/* The whole tree from the pen's column on; lines that follow are indented at least by `indent`. */
void tree_put(struct pen *pen, const struct value *value, u32 indent);
/* Was it followed? What it points to is then its only child. */
bool tree_has_pointee(const struct value *value);
/* What it points to alone: " -> {...}"; nothing if it wasn't followed. */
void tree_put_pointee(struct pen *pen, const struct value *value, u32 indent);

#endif
