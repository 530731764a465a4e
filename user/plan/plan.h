/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The join: what a spec means in the binaries it names. Made before loading; the same plan decodes
 * the records. Its serial form (plan_write) is the head of a record file and what the process that
 * loads is sent.
 */
#ifndef SNAPLINE_PLAN_H
#define SNAPLINE_PLAN_H

#include "dwarf/dw.h"
#include "spec/spec.h"

/* A file with places in it, opened once. */
struct plan_module {
	const char *path;      /* to open it from here */
	const char *shown;     /* as the user or the process calls it */
	struct build_id build_id;
	struct elf_file *file;
	struct dw *dw;
};

/* Where a probe is in one binary. */
struct place {
	u32 index;             /* cookie, record_head.place */
	u32 probe;             /* index of the user's PLACE */
	struct plan_module *module;
	u64 asked;             /* pc that was asked for: what the event shows */
	u64 pc;                /* pc that is probed: asked, or moved to a cheaper instruction */
	u64 offset;            /* file offset of pc: what the kernel gets */
	const char *function;  /* innermost function there, or NULL */
	const char *file;      /* or NULL */
	unsigned line;
	bool is_inlined;
	bool is_return;        /* FUNC%return */
	enum insn_cost cost, asked_cost;
	const char *why;       /* why this row, why moved or not: sentences for explain */
	bool is_gdb_choice;    /* where gdb would put its breakpoint */
};

#endif
