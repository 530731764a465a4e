/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The commands. Each takes the parsed spec, prints its data on stdout, and returns what went wrong;
 * main() prints that on stderr and makes it the exit status.
 */
#ifndef SNAPLINE_CMD_H
#define SNAPLINE_CMD_H

#include "spec/spec.h"

struct error *cmd_snap(const struct spec *spec, struct arena *arena) _must_use_;
struct error *cmd_log(const struct spec *spec, struct arena *arena) _must_use_;
struct error *cmd_count(const struct spec *spec, struct arena *arena) _must_use_;
struct error *cmd_tictoc(const struct spec *spec, struct arena *arena) _must_use_;
struct error *cmd_list(const struct spec *spec, struct arena *arena) _must_use_;
struct error *cmd_explain(const struct spec *spec, struct arena *arena) _must_use_;
struct error *cmd_replay(const struct spec *spec, struct arena *arena) _must_use_;
struct error *cmd_doctor(const struct spec *spec, struct arena *arena) _must_use_;

#endif
