/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * Patch bays: the places in the BPF programs where generated instructions go (DESIGN.md,
 * "Decisions"). A bay is a static noinline function of known arguments whose body is a marker and a
 * run of no-ops; the loader writes the instructions of gen/ over it before the program is loaded.
 *
 *   int bay_condition(struct pt_regs *ctx, const struct bay_env *env)
 *       r0: BAY_FALSE, BAY_TRUE, BAY_ERROR
 *   int bay_roots(struct pt_regs *ctx, const struct bay_env *env, struct bay_root *roots)
 *       fills roots[0 .. SNAPLINE_MAX_ROOTS-1] as the plan numbers them; r0: 0
 *   int bay_values(struct pt_regs *ctx, const struct bay_env *env, struct bay_value *values)
 *       fills as many of values[] as the plan has; each on its own: one that can't be computed
 *       says so in its state and the next goes on; r0: 0
 *
 * Generated code may use BAY_STACK bytes of its own stack, r0 to r9 freely, calls helpers only from
 * gen's list, and reads the arguments at the offsets of the structs below. Its last instruction is
 * an exit. A field of bay_env that costs something to fill (pid, tid, time, comm, thread_pointer)
 * is filled only if the code names it: loads at its offset from the pointer in r2, or for comm adds
 * an offset within comm to a copy of that pointer. The loader finds that in the instructions; other
 * fields are always there.
 */
#ifndef SNAPLINE_BAY_H
#define SNAPLINE_BAY_H

#include <linux/types.h>

enum {
	BAY_FALSE = 0,
	BAY_TRUE = 1,
	BAY_ERROR = 2,

	BAY_STACK = 256,
	BAY_INSNS = 2048, /* no-ops in each bay */
	SNAPLINE_MAX_ROOTS = 64,
	SNAPLINE_MAX_VALUES = 16,

	/* The marker: r0 = ldimm64 of (BAY_MAGIC << 32 | number), the bay's first instruction. */
	BAY_MAGIC = 0x534e4159,
	BAY_CONDITION = 1,
	BAY_ROOTS = 2,
	/* Not bays, found in the same way: the ldimm64 that becomes the program's word (probe.h),
	 * and one followed by `rX = 1` and an atomic add of rX, which becomes a fetch-and-add where
	 * the kernel has it (5.12; clang emits none for the instruction set of 5.10). */
	BAY_PROGRAM = 3,
	BAY_FETCH = 4,
	BAY_VALUES = 5, /* a bay again */
	/* Before a helper call, which becomes one of the kernel's bpf_session_is_return(). */
	BAY_IS_RETURN = 6,
};

/* What conditions can ask besides registers (pt_regs) and memory. All u64, at fixed offsets. */
struct bay_env {
	__u64 bias; /* ip - pc of the probed module */
	__u64 thread_pointer;
	__u64 pid, tid, cpu;
	__u64 time;    /* CLOCK_MONOTONIC, ns */
	__u64 hits;    /* of this probe, this one included */
	__u64 elapsed; /* tic-toc: ns since the tic; else 0 */
	char comm[16];
};

/* A place where the walk of the read table starts. */
struct bay_root {
	__u64 address; /* 0: none */
};

enum value_state {
	VALUE_OK = 0,
	VALUE_UNREADABLE = 1, /* it, or something on the way to it */
	VALUE_DIVISION = 2,   /* division by zero */
	/* Of what is copied: */
	VALUE_NOT_RESIDENT = 3,
	VALUE_BAD_ADDRESS = 4, /* no such memory */
	/* Of what is computed: */
	VALUE_TAIL_CALL = 5, /* $return, where another function will return it */
};

/*
 * A value that was computed at a hit: a scalar, sign- or zero-extended as its type says, floats as
 * their bits; or the address of what the programs copy after the bay (struct value_slot).
 */
struct bay_value {
	__u64 bits;
	__u32 state; /* generated code stores both as one u64 */
	__u32 len;   /* bytes that were copied */
};

enum value_kind {
	VALUE_SCALAR, /* bits are all there is */
	VALUE_BYTES,  /* size bytes at the address */
	VALUE_STRING, /* up to size bytes, until a NUL, which is not counted */
	VALUE_INNER,  /* a string: its address is in the bytes of value `from`, at `offset` */
};

/* What the copying needs to know of a value; a table for each program. */
struct value_slot {
	__u16 kind; /* enum value_kind */
	__u16 from; /* INNER: an earlier value, of kind BYTES */
	__u32 size;
	__u32 at;     /* where its bytes go in the record's data */
	__u32 offset; /* INNER */
};

/*
 * The read table: what to copy at a hit, starting from the roots. Built by plan/, walked by a fixed
 * BPF loop with a bounded work list. Node 0 is none. A node is an object of `size` bytes at some
 * address; each edge is a pointer in it, at `offset`, to an object that another node describes.
 * Depth is spelled out in the nodes (a list element at depth 1 and at depth 2 are two nodes), so
 * the walk needs no counter and always ends.
 */
enum read_kind {
	READ_OBJECT = 0, /* `size` bytes; then its edges, once for each of `elements` */
	READ_STRING = 1, /* up to `size` bytes, until a NUL */
};

struct read_node {
	__u32 size; /* bytes; at most SNAPLINE_MAX_READ */
	__u16 kind;
	__u16 n_edges;
	__u32 first_edge;
	__u32 elements; /* of an array whose elements hold the edges; 1 otherwise */
	__u32 stride;	/* bytes from one element to the next */
};

struct read_edge {
	__u32 offset;
	__u32 node;
};

enum {
	SNAPLINE_MAX_READ = 4096,
	SNAPLINE_MAX_NODES = 4096,
	SNAPLINE_MAX_EDGES = 16384,
};

#endif
