/* SPDX-License-Identifier: BSD-2-Clause */
/* What a plan has to know of this kernel and of the processes that are there. */
#ifndef SNAPLINE_HOST_H
#define SNAPLINE_HOST_H

#include "plan/plan.h"
#include "proc/target.h"

/* tictoc of a function: what speaks against session links (plan/returns.h). Reads all code of the target. */
void host_returns(const struct spec *spec, const struct target *target, struct arena *arena,
		  struct plan_host *host);

#endif
