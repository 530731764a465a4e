/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The join: what a spec means in the binaries it names. Made before loading; the same plan decodes
 * the records. Its serial form (plan_write) is the head of a record file, what the process that
 * loads is sent, and what tests compare.
 */
#ifndef SNAPLINE_PLAN_H
#define SNAPLINE_PLAN_H

#include "base/strbuf.h"
#include "bay.h"
#include "dwarf/dw.h"
#include "expr/expr.h"
#include "gen/gen.h"
#include "spec/spec.h"

/* What tells a file that was changed since (identity.h). */
struct file_stamp {
	u64 dev, inode, size;
	u64 changed_ns; /* st_mtim */
};

/* A file with places in it, opened once. */
struct plan_module {
	const char *path;  /* to open it from here */
	const char *shown; /* as the user or the process calls it */
	struct build_id build_id;
	struct elf_file *file;
	struct dw *dw;
	struct code_store *code; /* of its functions; NULL where no place is chosen */
	struct file_stamp stamp; /* when the plan was made */
	struct plan *plan;	 /* that it belongs to; NULL: none */
};

/* A PLACE of the user. */
struct plan_probe {
	const char *text;
	struct place_spec spec;
};

enum { PLAN_NO_SLOT = UINT32_MAX };

/* One expression of a log message, at one place (values.h). */
struct plan_value {
	const char *text; /* as written */
	enum message_form form;
	const char *missing;     /* why it can't be had here; NULL: it can */
	const struct expr *expr; /* typed, and its */
	const struct type *type; /* NULL if missing */
	bool is_comm;            /* $comm, which every record has */
	u32 slot;                /* of the number or the bytes; PLAN_NO_SLOT */
	u32 string;              /* of the string that it points to; PLAN_NO_SLOT */
};

/* What a value of --by is. */
enum key_kind {
	KEY_NUMBER, /* integers, enums, pointers, floats */
	KEY_TEXT,   /* what a character array or pointer holds */
	KEY_CODE,   /* an address of code: $caller, a pointer to a function */
	KEY_STACK,  /* $stack; not computed at the hit */
};
struct plan_key {
	enum key_kind kind;
	const struct expr *expr; /* typed; NULL for KEY_STACK */
};

/* Where a probe is in one binary. */
struct place {
	u32 index; /* cookie, record_head.place */
	u32 probe; /* index of the user's PLACE */
	struct plan_module *module;
	u64 asked;            /* pc that was asked for: what the event shows */
	u64 pc;               /* pc that is probed: asked, or moved to a cheaper instruction */
	u64 offset;           /* file offset of pc: what the kernel gets */
	const char *function; /* innermost function there, or NULL */
	const char *file;     /* or NULL */
	unsigned line;
	bool is_inlined;
	bool is_return;     /* FUNC%return: $return is set */
	bool is_tail_call;  /* is_return: by a jump to another function, which returns for it */
	bool is_gdb_choice; /* where gdb would put its breakpoint */
	u64 gdb_pc;         /* of a line: where gdb would put it for this copy; else 0 */
	enum insn_cost cost, asked_cost;
	const char *why;   /* why this row is a place of what was asked */
	const char *moved; /* why the probe was moved, or not */
	u32 program;       /* index in plan.programs */
	struct expr *condition; /* typed; NULL: none */
	struct expr **captures; /* typed, one for each --capture */
	struct plan_value *values; /* of a log, in the order of the message */
	size_t n_values;
	struct plan_key *keys;	/* one for each --by; NULL: none */
	const struct expr *histogram; /* typed --hist; NULL: none */
	/* Tic-toc (tictoc.h): */
	u64 body;	/* entry of the function that it is in */
	u32 pair;	/* which function, for the kernel side */
	s32 cfa_offset; /* the CFA is so many bytes from ... */
	bool cfa_is_fp; /* ... the frame pointer; else the stack pointer */
	bool is_go;
	const struct expr *key; /* typed --key; NULL: none */
	const struct expr **by; /* typed, one for each --by; NULL: they belong to the other end */
	struct plan_tic *tics; /* what is kept from TIC */
	size_t n_tics;
};

/* The instructions that a group of places shares. */
struct plan_program {
	struct gen_code condition; /* n 0: none */
	struct gen_code roots;
	u32 n_roots;
	u32 root_nodes[SNAPLINE_MAX_ROOTS]; /* read table node at each root */
	const char *root_names[SNAPLINE_MAX_ROOTS];
	struct gen_code values; /* n 0: none */
	struct value_slot value_slots[SNAPLINE_MAX_VALUES];
	u32 n_values;
	bool is_toc; /* tic-toc: runs at TOC */
};

/* A file in which places are looked up: a target's executable, or a library that it maps. */
struct plan_file {
	const char *path;  /* to open it from here */
	const char *shown;
	const char *root;  /* where its debug files are looked up first: "" or /proc/PID/root */
};

/*
 * Finds the files of each PLACE. `binary` is BIN of the place, or NULL for the target's
 * executables. Given by the caller, so that a plan can be made of live processes and of plain files
 * alike. PLAN_ALL_FILES: every file that the target maps or needs.
 */
#define PLAN_ALL_FILES "*"
typedef struct error *(*plan_files_fn)(void *context, const char *binary, struct arena *arena,
				       struct plan_file **files, size_t *n);

/* What was found out about the kernel and the target before the plan is made. */
struct plan_host {
	struct gen_features features;
	/* Why a session link can't see returns there, or shouldn't; NULL: it may (returns.h). */
	const char *no_session, *rather_no_session;
};

struct plan {
	struct arena *arena;
	const struct spec *spec;
	struct plan_module **modules;
	size_t n_modules;
	struct plan_probe *probes;
	size_t n_probes;
	struct place *places;
	size_t n_places;
	struct plan_program *programs;
	size_t n_programs;
	/* The read table (include/bay.h); node 0 is none. */
	struct read_node *nodes;
	size_t n_nodes;
	struct read_edge *edges;
	size_t n_edges;
	struct table *table; /* private to plan/table.c */
	plan_files_fn files; /* for globals of other modules; NULL in a plan that was read */
	void *files_context;
	struct others *others; /* private to plan/others.c */
	enum returns returns;	 /* tictoc of a function: by what its returns are seen */
	const char *returns_why; /* and why not otherwise; NULL: nothing was against it */
	const char **notes; /* what the user should know, for stderr and explain */
	size_t n_notes;
};

struct error *plan_build(const struct spec *spec, plan_files_fn files, void *context,
			 const struct plan_host *host, struct plan **plan) _must_use_;
/* What the user should know; each text is told once. */
void plan_note(struct plan *plan, const char *format, ...) _printf_(2, 3);
void plan_free(struct plan *plan);
void plan_freep(struct plan **plan); /* for _cleanup_() */

/*
 * The serial form (serial.c): lines of text, each a word and its fields. The spec is in it as the
 * command line, the modules as path and build-id.
 */
void plan_write(const struct plan *plan, struct strbuf *out);
/*
 * Reads what plan_write() wrote; the text may come from anybody. Modules are found by build-id, at
 * their path or in folder; one that isn't found stays closed (file and dw NULL), with a note.
 */
struct error *plan_read(const char *text, size_t len, const char *folder,
			struct plan **plan) _must_use_;

#endif
