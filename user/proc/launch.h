/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starting `-- COMMAND ARG...` with the probes in place: the child exists, with its pid, before it
 * runs a single instruction of the command. It keeps our stdin, stdout, stderr and process group.
 */
#ifndef SNAPLINE_LAUNCH_H
#define SNAPLINE_LAUNCH_H

#include <signal.h>

#include "base/arena.h"
#include "base/error.h"

struct launch;

/* What execvp() would run for a name: a path as it stands, or the first hit in PATH. */
struct error *launch_find(const char *name, struct arena *arena, const char **path) _must_use_;
/*
 * The ELF file in which the command's places are: the file itself, or for a script what its #! line
 * names (*is_script is set). ERROR_NOT_FOUND for what can't be run.
 */
struct error *launch_binary(const char *name, struct arena *arena, const char **binary,
			    bool *is_script) _must_use_;

/* Makes the child, which waits. argv is NULL-terminated and has to live until launch_release(). */
struct error *launch_start(char *const *argv, struct launch **launch) _must_use_;
int launch_pid(const struct launch *launch);
/* Readable when the command has ended (pidfd); for poll(). */
int launch_fd(const struct launch *launch);
/* Is it a descriptor that the functions here need? */
bool launch_has_fd(const struct launch *launch, int fd);
/* Lets it run; returns when it has, or with the reason why it could not (ERROR_NOT_FOUND ...). */
struct error *launch_release(struct launch *launch) _must_use_;
/* Doesn't wait. True once it has ended; *status as waitpid() gives it. */
bool launch_ended(struct launch *launch, int *status);
/* Passes a signal on that snapline got, unless the terminal sent it to both. */
void launch_forward(const struct launch *launch, const siginfo_t *info);
/* A child that was never released ends; one that runs is left running. */
void launch_free(struct launch *launch);
void launch_freep(struct launch **launch); /* for _cleanup_() */

#endif
