/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "load/link.h"
#include "load/load.h"
#include "load/session.h"
#include "load/tries.h"

static int silent(enum libbpf_print_level level, const char *format, va_list args)
{
	return 0;
}

static void say(struct load_features *features, const char *why)
{
	if (!features->why[0])
		snprintf(features->why, sizeof(features->why), "%s", why);
}

static void say_refusal(struct load_features *features, int code)
{
	if (code == -EPERM || code == -EACCES)
		say(features, "BPF programs may not be loaded: run as root, or grant CAP_BPF, "
			      "CAP_PERFMON and CAP_SYS_ADMIN");
	else if (code == -ENOSYS)
		say(features, "this kernel has no bpf system call (CONFIG_BPF_SYSCALL)");
	else
		say(features, strerror(-code));
}

void load_probe_features(struct load_features *features)
{
	libbpf_print_fn_t before = libbpf_set_print(silent);
	int code = try_load();

	memset(features, 0, sizeof(*features));
	features->privileged = !code;
	if (code)
		say_refusal(features, code);
	features->btf = !access("/sys/kernel/btf/vmlinux", R_OK);
	if (!features->btf)
		say(features, "/sys/kernel/btf/vmlinux can't be read: use a kernel built with "
			      "CONFIG_DEBUG_INFO_BTF");
	features->perf_links = link_uprobe_type() >= 0 && link_perf_permitted();
	features->multi_links = link_multi_supported();
	if (!features->perf_links && !features->multi_links)
		say(features, "uprobes can't be attached: perf_event_open is not permitted or the "
			      "kernel has no CONFIG_UPROBE_EVENTS");
	features->cookies = try_cookie();
	features->ring_buffer = try_ring_buffer();
	features->sleepable = try_sleepable();
	features->loop_helper = try_loop();
	features->fetch_add = try_fetch_add();
	features->signed_division = try_signed_division();
	features->bounded_loops = try_bounded_loop();
	libbpf_set_print(before);
}

void load_measure_features(struct load_features *features)
{
	features->misses = try_misses();
	features->multi_pids = features->multi_links && try_multi_pids();
	load_try_sessions(&features->no_session);
	features->emulated_nop = features->perf_links && try_emulated_nop();
}
