/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What newer kernels take and the headers of Debian 12 don't have (include/uapi/linux/bpf.h of the
 * versions named).
 */
#ifndef SNAPLINE_UAPI_H
#define SNAPLINE_UAPI_H

#include <linux/bpf.h>

#include "base/base.h"

enum {
	TRACE_UPROBE_MULTI = 48,   /* BPF_TRACE_UPROBE_MULTI, 6.6 */
	TRACE_UPROBE_SESSION = 57, /* BPF_TRACE_UPROBE_SESSION, 6.13: the same with returns */
	PSEUDO_KFUNC_CALL = 2,	   /* BPF_PSEUDO_KFUNC_CALL */
};

/* The member of union bpf_attr for BPF_LINK_CREATE with it. */
struct bpf_link_create_multi {
	u32 prog_fd;
	u32 target_fd;
	u32 attach_type;
	u32 flags;
	u64 path;
	u64 offsets;
	u64 ref_ctr_offsets;
	u64 cookies;
	u32 cnt;
	u32 multi_flags;
	u32 pid;
	u32 path_fd;
};

#endif
