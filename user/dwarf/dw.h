/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The debug information of one module, as our own structs. Addresses are pcs (elf_file.h). Opening
 * reads the unit index only (ranges, names); a unit's DIEs and lines are read when they are needed.
 * A module without debug information gives a struct dw too, one that finds nothing but call frames.
 */
#ifndef SNAPLINE_DW_H
#define SNAPLINE_DW_H

#include "base/arena.h"
#include "base/error.h"
#include "dwarf/loc.h"
#include "dwarf/type.h"
#include "elf/elf_file.h"

struct dw;

struct error *dw_open(struct elf_file *file, const char *root, struct dw **dw) _must_use_;
void dw_close(struct dw *dw);
struct elf_file *dw_file(const struct dw *dw);
bool dw_has_info(const struct dw *dw);       /* any .debug_info at all */
bool dw_is_go(struct dw *dw, u64 pc);	     /* by its unit, without one by the file */
/*
 * The file that describes what stands at pc, of which only lines are here (split DWARF, DWARF 5,
 * section 7.3.2). It isn't read. NULL: this file does.
 */
const char *dw_split_at(struct dw *dw, u64 pc);
const char *dw_missing(const struct dw *dw); /* why not, with where it was looked for; else NULL */

/* Files and lines (DWARF 5, section 6.2). */
struct dw_row {
	u64 pc;
	const char *file;    /* as recorded, made absolute with the compilation directory */
	unsigned line;       /* 0: no source */
	unsigned column;
	bool is_stmt;
	bool end_sequence;
	bool prologue_end;
	bool is_repeat; /* the same line as the row before, told apart by discriminators only */
};
/* All source files that have code, of all units: a unit's line header is enough. */
struct error *dw_files(struct dw *dw, const char *const **files, size_t *n) _must_use_;
/* The row that covers pc; false if none does. */
bool dw_row_at(struct dw *dw, u64 pc, struct dw_row *row);
/* The rows of the unit that covers pc, in address order within each sequence. */
struct error *dw_rows_of(struct dw *dw, u64 pc, const struct dw_row **rows, size_t *n) _must_use_;
/*
 * All statement rows of `file` (a full recorded name), of every unit that has it, sorted by pc;
 * line 0: of every line. Rows are those of the line table; plan/ decides which are places.
 */
struct error *dw_rows_of_file(struct dw *dw, const char *file, const struct dw_row **rows,
			      size_t *n) _must_use_;

/* A function: the abstract thing, with all places where its code is. */
struct dw_function {
	const char *name;         /* source name */
	const char *linkage_name; /* mangled, NULL if none */
	const char *decl_file;
	unsigned decl_line;
	bool is_external;
	u64 die;                  /* .debug_info offset of the definition (abstract origin if inlined) */
};
struct dw_instance {
	const struct dw_function *function;
	bool is_inlined;
	u64 entry;                /* first instruction (DW_AT_entry_pc, low_pc) */
	const struct pc_range *ranges; /* hot and cold parts */
	size_t n_ranges;
	const char *call_file;    /* inlined: where from */
	unsigned call_line;
	u64 die;
	size_t parent;            /* dw_body(): index of the next outer one */
};
/* Every instance of every function whose source or linkage name matches the glob. */
struct error *dw_functions(struct dw *dw, const char *glob, struct arena *arena,
			   struct dw_instance **instances, size_t *n) _must_use_;
/*
 * The out-of-line function whose code covers pc, as number 0, and every inlined copy in it, outer
 * before inner. n = 0 where none covers it.
 */
struct error *dw_body(struct dw *dw, u64 pc, struct arena *arena, struct dw_instance **instances,
		      size_t *n) _must_use_;
/* What is_stmt stands for in the rows of one unit, by its compiler (DW_AT_producer). */
enum dw_marks {
	DW_MARKS_ROWS,	     /* nearly every row: clang, and compilers that aren't known */
	DW_MARKS_UNMOVED,    /* nearly every row, and nothing was moved or copied: gcc -O0 */
	DW_MARKS_STATEMENTS, /* beginnings of statements, also of moved ones: gcc >= 8, optimising */
};
enum dw_marks dw_marks(struct dw *dw, u64 pc);
/*
 * Can the variables of the body at this DIE be read only behind its prologue? True where arguments
 * have one place, in the frame, for all of the code (as at -O0), and where there are no arguments
 * but locals at offsets from a register that the prologue sets.
 */
bool dw_needs_prologue(struct dw *dw, u64 instance_die);
/* Names of all functions, for listing and suggestions; reads every unit. */
struct error *dw_function_names(struct dw *dw, const char *const **names, size_t *n) _must_use_;

/* Scopes and variables at a pc. */
enum dw_var_kind {
	DW_ARGUMENT,
	DW_LOCAL,
	DW_GLOBAL,
};
struct dw_var {
	const char *name;
	enum dw_var_kind kind;
	const struct type *type;
	const char *decl_file;
	unsigned decl_line;
	bool is_artificial;
	bool is_external;
	u64 die;
};
/* A function body at a pc: itself (n = last) or an inlined copy in it. */
struct dw_frame {
	const struct dw_function *function;
	struct dw_instance instance;
	const char *call_file;      /* of an inlined frame: the line in the next outer frame */
	unsigned call_line;
	struct dw_var *vars;        /* innermost block first; a shadowed name appears once a block */
	size_t n_vars;
	const u32 *block_of;        /* vars[i] belongs to lexical block number block_of[i], 0 innermost */
};
/* Innermost first; n = 0 where no function covers pc. */
struct error *dw_frames_at(struct dw *dw, u64 pc, struct arena *arena, struct dw_frame **frames,
			   size_t *n) _must_use_;
/* Where the variable is at pc. Absent locations are a loc with the reason, not an error. */
struct error *dw_var_loc(struct dw *dw, u64 var_die, u64 pc, struct arena *arena,
			 struct loc **loc) _must_use_;
/*
 * A variable that another module describes, where this one has it: its copy, or the word by which
 * its code reaches it. NULL: it has neither.
 */
struct loc *dw_imported_loc(struct dw *dw, const char *name, struct arena *arena);
/* DW_AT_frame_base of the function that covers pc; NULL if none. */
struct error *dw_frame_base(struct dw *dw, u64 pc, struct arena *arena, struct loc **loc) _must_use_;
/*
 * Does the unit's compiler (gcc) end a location where a call clobbers its register? Then a register
 * that is named behind a call is one that the callee keeps.
 */
bool dw_marks_clobbers(struct dw *dw, u64 pc);
/* A variable of file scope (global, static) by name; from_pc's unit is preferred. */
struct error *dw_global(struct dw *dw, const char *name, u64 from_pc, struct arena *arena,
			struct dw_var *var) _must_use_;
/* The result type of the function whose DIE this is; void if it has none. */
struct error *dw_function_type(struct dw *dw, u64 die, const struct type **type) _must_use_;
/* A type by name as C writes it ("struct client", "robj", "unsigned int"). */
struct error *dw_type_by_name(struct dw *dw, const char *name, u64 from_pc,
			      const struct type **type) _must_use_;
/* The value of an enumerator visible from from_pc's unit. */
struct error *dw_enumerator(struct dw *dw, const char *name, u64 from_pc, const struct type **type,
			    s64 *value) _must_use_;
/* DW_OP_implicit_pointer's target: a variable with type and location. */
struct error *dw_var_by_die(struct dw *dw, u64 die, struct arena *arena, struct dw_var *var) _must_use_;

/* Call sites (DWARF 5, section 3.4): parameters by what the callee expects. */
struct dw_call_param {
	const struct loc *location; /* DW_AT_location: register (or memory) in the callee */
	const struct loc *value;    /* DW_AT_call_value, evaluated in the caller */
	const struct loc *data_value; /* DW_AT_call_data_value or NULL */
	u64 parameter;            /* DW_AT_call_parameter: the callee's formal parameter, or 0 */
};
struct dw_call_site {
	struct dw_call_param *params;
	size_t n_params;
	bool is_tail_call;
	u64 pc;                   /* return address; of a tail call, the address behind the jump */
	u64 origin;               /* DIE of the callee if known, else 0 */
	const char *origin_name;  /* its linkage or source name */
	bool is_declared;         /* the callee is only declared in this unit */
	bool has_target_pc;
	u64 target_pc;            /* entry of the callee, if its code is in this module */
	const struct loc *target; /* DW_AT_call_target, evaluated in the caller; NULL if not given */
};
/* The call site whose return address is return_pc; NULL if it isn't described. */
struct error *dw_call_site_at(struct dw *dw, u64 return_pc, struct arena *arena,
			      struct dw_call_site **site) _must_use_;
/*
 * What the site says of the parameter that `entry` (the operand of DW_OP_entry_value, or one
 * DW_OP_GNU_parameter_ref) names; NULL: nothing. To be evaluated in the caller.
 */
const struct loc *dw_call_param_value(const struct dw_call_site *site, const struct loc *entry);
/* The tail calls of the function that covers pc. */
struct error *dw_tail_calls_at(struct dw *dw, u64 pc, struct arena *arena,
			       struct dw_call_site **sites, size_t *n) _must_use_;

/*
 * dw_frames_at() and the two above for who asks for the same pcs over and over: answers are not to
 * be changed, as they are kept with dw; beyond thousands of them they are in the arena.
 */
struct error *dw_recall_frames(struct dw *dw, u64 pc, struct arena *arena,
			       const struct dw_frame **frames, size_t *n) _must_use_;
struct error *dw_recall_call_site(struct dw *dw, u64 return_pc, struct arena *arena,
				  const struct dw_call_site **site) _must_use_;
struct error *dw_recall_tail_calls(struct dw *dw, u64 pc, struct arena *arena,
				   const struct dw_call_site **sites, size_t *n) _must_use_;

/* Thread-local storage: the module's initial image (PT_TLS); false if it has none. */
struct dw_tls {
	u64 pc;    /* where the image lies */
	u64 size;
	u64 align;
};
bool dw_tls_segment(struct dw *dw, struct dw_tls *tls);
/* The program itself, no library? Its storage then lies next to the thread pointer. */
bool dw_is_program(struct dw *dw);
/* Distance of a program's thread-local variable from the thread pointer; false for a library's. */
bool dw_tls_offset(struct dw *dw, u64 offset, s64 *from_thread_pointer);

/* Call frame information (DWARF 5, section 6.4), from .eh_frame and .debug_frame. */
enum cfi_rule_kind {
	CFI_UNDEFINED,
	CFI_SAME,
	CFI_OFFSET,     /* saved at CFA + offset */
	CFI_VAL_OFFSET, /* is CFA + offset */
	CFI_REGISTER,
	CFI_EXPRESSION, /* saved at the address computed with the CFA pushed first */
	CFI_VAL_EXPRESSION,
};
struct cfi_rule {
	enum cfi_rule_kind kind;
	s64 offset;
	u16 reg;
	const struct loc *expr;
};
struct cfi_row {
	bool cfa_is_expr;
	u16 cfa_reg;
	s64 cfa_offset;
	const struct loc *cfa_expr;
	struct cfi_rule rules[ARCH_MAX_DWARF_REGS]; /* by DWARF number; the return column included */
	bool is_signal_frame;
	u16 return_column;
};
/* *row is NULL if no information covers pc. */
struct error *dw_cfi_row(struct dw *dw, u64 pc, struct arena *arena, struct cfi_row **row) _must_use_;

#endif
