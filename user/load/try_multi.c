/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * uprobe_multi links of a process, tried on an own child: until 6.10 they saw its first thread only
 * (kernel/trace/bpf_trace.c, uprobe_prog_run(), compared tasks). It has such a link of itself, and
 * calls a function in its second thread.
 */
#include <pthread.h>
#include <unistd.h>

#include <linux/bpf.h>

#include <bpf/bpf.h>

#include "load/link.h"
#include "load/own_child.h"
#include "load/session.h"
#include "load/tries.h"
#include "load/uapi.h"

__attribute__((noinline, noclone)) void trial_in_thread(void);
void trial_in_thread(void)
{
	asm volatile("nop" : : : "memory");
}

static void *call_once(void *context)
{
	trial_in_thread();
	return context;
}

/* Answers how often the second thread's call was seen. */
static void see_thread(int answer)
{
	const struct bpf_insn element[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K}};
	int map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "snapline_try", sizeof(u32), sizeof(u64), 1,
				 NULL);
	int prog = map < 0 ? map : try_load_counter(element, 1, TRACE_UPROBE_MULTI, map);
	u64 offset, count = 0;
	pthread_t thread;
	u32 first = 0;

	if (prog < 0 || !trial_offset(trial_in_thread, &offset) ||
	    link_multi(prog, TRACE_UPROBE_MULTI, "/proc/self/exe", &offset, NULL, 1, getpid()) <
		    0 ||
	    pthread_create(&thread, NULL, call_once, NULL) || pthread_join(thread, NULL) ||
	    bpf_map_lookup_elem(map, &first, &count))
		return;
	if (write(answer, &count, sizeof(count)) != sizeof(count))
		_exit(1);
}

bool try_multi_pids(void)
{
	static bool tried;
	static u64 seen;

	if (!tried && !own_child_ask(see_thread, &seen, sizeof(seen)))
		seen = 0;
	tried = true;
	return seen == 1;
}
