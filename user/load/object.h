/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The compiled object of an instrument, by the names that its source gives to maps, knobs and
 * programs. All instruments share the maps and knobs of bpf/maps.bpf.h; what an object doesn't have
 * is left alone.
 */
#ifndef SNAPLINE_OBJECT_H
#define SNAPLINE_OBJECT_H

#include "load/load.h"

struct bpf_object;
struct bpf_program;

/* What differs between instruments: one more is one line of the table in object.c. */
struct instrument {
	const void *(*bytes)(size_t *len); /* of the ELF file */
	const char *program;		   /* what is loaded ... */
	const char *loop;     /* ... where the kernel has bounded loops; NULL: the same */
	const char *faulting; /* ... and where it may fault memory in; NULL: it never may */
};
const struct instrument *object_instrument(enum load_instrument instrument);

struct error *object_open(enum load_instrument instrument, struct bpf_object **object) _must_use_;
/* A `const volatile` of any integer type; before the object is loaded. */
void object_knob(struct bpf_object *object, const char *name, u64 value);
/* A variable, as the running programs see it. */
void object_set(struct bpf_object *object, const char *name, u64 value);
void object_map_entries(struct bpf_object *object, const char *map, u32 entries);
void object_key_size(struct bpf_object *object, const char *map, u32 bytes);
int object_map(const struct bpf_object *object,
	       const char *map); /* file descriptor; negative: none */
void object_autoload(struct bpf_object *object, const char *program, bool load);
int object_program(const struct bpf_object *object, const char *program); /* file descriptor */

#endif
