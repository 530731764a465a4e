/* SPDX-License-Identifier: BSD-2-Clause */
/* What a plan has to know of this kernel and of the processes that are there. */
#ifndef SNAPLINE_HOST_H
#define SNAPLINE_HOST_H

#include "plan/plan.h"
#include "proc/target.h"

/*
 * tictoc of a function: what speaks against session links (plan/returns.h). The first tries the
 * kernel and looks for others that run the file; it needs rights and reads no file. The second
 * reads all code of the target.
 */
void host_try_returns(const struct spec *spec, const struct target *target, struct arena *arena,
		      struct plan_host *host);
void host_read_returns(const struct spec *spec, const struct target *target, struct arena *arena,
		       struct plan_host *host);

#endif
