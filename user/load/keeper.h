/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A session is two processes. The *keeper* has the rights: it loads and attaches, hands over ring
 * buffers, opens files of the target and reads its memory. Foreign bytes that it reads are the words
 * of /proc and four of each file. The *worker* is its child without rights (proc/sandbox.h): all that
 * parses ELF, DWARF, expressions and records, and all that renders. So a target that is made to break
 * whoever looks into it breaks a process that can do nothing but ask:
 *
 *	worker					keeper
 *	elf_file_open("/proc/7/root/bin/x")
 *	  host_open()  ------ WIRE_OPEN -----> permit_open(): is 7 ours, is it an ELF file?
 *	  mmap(fd)     <----- descriptor -----
 *	load_start()   ------ WIRE_START ----> vet_code(), permit_probe(), load_start()
 *	  reads rings  <----- descriptors ----
 *
 * The worker asks, the keeper answers, one request at a time. What is read often doesn't cross: the
 * rings of records and of mappings are mapped by the worker. The keeper believes nothing: a message
 * is read by a bounded cursor, each number checked against what it made of the command line itself,
 * and a worker that breaks the form is ended.
 */
#ifndef SNAPLINE_KEEPER_H
#define SNAPLINE_KEEPER_H

#include "load/permit.h"
#include "proc/launch.h"

struct keeper;

/* launch: of COMMAND, or NULL. Both live as long as the keeper. */
struct keeper *keeper_new(const struct permit_terms *terms, struct launch *launch, int socket);
/* Waits for one request and answers it. False: the worker is gone, or doesn't keep to the form. */
bool keeper_answer(struct keeper *keeper);
/* Now and then: takes the probes out of a session whose time is up, if the worker does not. */
void keeper_look(struct keeper *keeper);
/* The worker has said that it is done. */
bool keeper_is_done(const struct keeper *keeper);
/* What the worker opened last, for messages; NULL: nothing. */
const char *keeper_last_file(const struct keeper *keeper);
void keeper_free(struct keeper *keeper); /* takes the probes out */

#endif
