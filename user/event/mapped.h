/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files that are mapped in processes, each opened once. An open file is mapped by us too, so
 * its inode can't be given to another file: device and inode tell which one a process that is gone
 * had.
 */
#ifndef SNAPLINE_MAPPED_H
#define SNAPLINE_MAPPED_H

#include "dwarf/dw.h"
#include "proc/proc.h"

struct mapped_files;

struct mapped_file {
	u64 dev, inode;	       /* of stat(); 0: none */
	struct elf_file *file; /* NULL: it isn't ours to close */
	struct dw *dw;	       /* NULL: could not be opened; why in missing */
	const char *missing;
};

struct mapped_files *mapped_files_new(void);
void mapped_files_free(struct mapped_files *files);
/* Closes all but what mapped_files_know() gave. */
void mapped_files_forget(struct mapped_files *files);
size_t mapped_files_count(const struct mapped_files *files);

/* A file that is open already and outlives this. */
void mapped_files_know(struct mapped_files *files, const char *path, struct dw *dw);
/* A root folder (proc_root()) in which files of processes that are gone may be found. */
void mapped_files_know_root(struct mapped_files *files, const char *root);

/* What follows is valid until the next call. root: where debug files are looked up first. */
const struct mapped_file *mapped_file_open(struct mapped_files *files, const char *path,
					   const char *shown, const char *root);
/* By what is known of a mapping alone; NULL if that file isn't to be found any more. */
const struct mapped_file *mapped_file_find(struct mapped_files *files, const struct proc_map *map);
const struct mapped_file *mapped_file_vdso(struct mapped_files *files, const u8 *bytes, size_t len);

#endif
