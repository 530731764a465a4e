/* SPDX-License-Identifier: BSD-2-Clause */
/* What doctor looks at. What can be tried was tried (struct load_features); versions are only
 * shown. */
#include "cmd/check.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "arch/arch.h"
#include "base/strbuf.h"
#include "proc/proc.h"

static void ok(struct check *check, const char *text)
{
	*check = (struct check){CHECK_OK, text, NULL};
}

static void warn(struct check *check, const char *text, const char *cure)
{
	*check = (struct check){CHECK_WARN, text, cure};
}

static void no(struct check *check, const char *text, const char *cure)
{
	*check = (struct check){CHECK_NO, text, cure};
}

/* The first line of a small file; NULL if it can't be read. */
static const char *first_line(const char *path, struct arena *arena)
{
	FILE *file = fopen(path, "re");
	char line[256] = "";
	bool got = file && fgets(line, sizeof(line), file);

	if (file)
		fclose(file);
	line[strcspn(line, "\n")] = '\0';
	return got ? arena_strdup(arena, line) : NULL;
}

static void check_kernel(const struct host *host, struct check *check)
{
	const struct arch *arch = arch_native();
	struct utsname name;

	uname(&name);
	if (!arch) {
		no(check, arena_printf(host->arena, "%s", name.machine),
		   "snapline runs on x86-64 and arm64.");
		return;
	}
	ok(check, arena_printf(host->arena, "Linux %s, %s", name.release, arch->name));
}

static void check_privileges(const struct host *host, struct check *check)
{
	struct error _cleanup_(error_freep) *err = privilege_check();

	if (err) {
		no(check, arena_strdup(host->arena, err->text),
		   arena_strdup(host->arena, err->cure));
		return;
	}
	if (host->privileges.lacking)
		warn(check,
		     arena_printf(host->arena, "%s: programs of one's own, with no more rights",
				  privilege_names(host->privileges.held, host->arena)),
		     "CAP_SYS_PTRACE lets snapline look into those of others.");
	else
		ok(check, privilege_names(host->privileges.held, host->arena));
}

static void check_btf(const struct host *host, struct check *check)
{
	if (host->features.btf)
		ok(check, "/sys/kernel/btf/vmlinux");
	else
		no(check, "the kernel doesn't describe its types",
		   "Use a kernel with CONFIG_DEBUG_INFO_BTF=y, as the distributions' are.");
}

static void check_bpf(const struct host *host, struct check *check)
{
	const char *why = host->features.why;

	if (host->features.privileged)
		ok(check, "programs load");
	else
		no(check, "programs don't load",
		   why[0] ? why
			  : "Look at the privileges above, and at seccomp profiles of containers.");
}

static void check_uprobes(const struct host *host, struct check *check)
{
	const struct load_features *features = &host->features;

	if (features->multi_links)
		ok(check, "uprobe_multi links");
	else if (features->perf_links)
		ok(check, "perf links; a link for each place and process");
	else if (access("/sys/bus/event_source/devices/uprobe", F_OK) != 0)
		no(check, "the kernel has no uprobes", "Use a kernel with CONFIG_UPROBES=y.");
	else
		no(check, "a probe can't be attached",
		   "perf_event_open needs CAP_SYS_ADMIN; seccomp profiles of containers refuse "
		   "it.");
}

static void check_multi(const struct host *host, struct check *check)
{
	if (host->features.multi_links)
		ok(check, "one link for all places of a program");
	else
		warn(check, "each place takes a link of its own in each process",
		     "Kernels from 6.6 attach many places faster.");
}

static void check_multi_pids(const struct host *host, struct check *check)
{
	if (host->features.multi_pids)
		ok(check, "links of a process see all its threads, without a lock");
	else
		warn(check, "the kernel takes a lock at each hit in a process of -p",
		     "Kernels from 6.10 scale better with CPUs.");
}

static void check_ring_buffer(const struct host *host, struct check *check)
{
	if (host->features.ring_buffer)
		ok(check, "present");
	else
		no(check, "absent, or not permitted", "Kernels from 5.8 have it.");
}

static void check_faulting(const struct host *host, struct check *check)
{
	if (host->features.sleepable)
		ok(check, "values that aren't in memory are faulted in, where that is safe");
	else
		warn(check, "values that aren't in memory say <not resident>",
		     "Kernels from 6.0 can read them.");
}

static void check_loop(const struct host *host, struct check *check)
{
	if (host->features.loop_helper)
		ok(check, "pointers are followed as far as the record has room");
	else
		warn(check, "of many pointers in one snapshot fewer are followed",
		     "Kernels from 5.17 have the loop that it takes.");
}

static void check_cookies(const struct host *host, struct check *check)
{
	if (host->features.cookies)
		ok(check, "places share programs");
	else
		warn(check, "each place needs a program of its own, so fewer places fit",
		     "Kernels from 5.15 can do better.");
}

static void check_limit(const struct host *host, struct check *check)
{
	if (host->features.fetch_add)
		ok(check, "kept in the kernel");
	else
		warn(check, "snapline trims what comes after -n hits; some more are recorded",
		     "Kernels from 5.12 stop by themselves.");
}

static void check_cheap(const struct host *host, struct check *check)
{
	if (host->features.emulated_nop)
		ok(check, "a probe on a nop is emulated, measured");
	else
		warn(check, "a probe on a nop costs as much as one on any instruction",
		     "Kernels from 5.0 on x86-64 and 6.13 on arm64 emulate it; \"uprobes\" above "
		     "has to work for measuring it.");
}

static void check_missed(const struct host *host, struct check *check)
{
	if (host->features.misses)
		ok(check, "the kernel counts hits that it misses");
	else
		warn(check, "\"missed\" in the summary is unknown", "Kernels from 6.7 count them.");
}

static void check_sessions(const struct host *host, struct check *check)
{
	if (!host->features.no_session)
		ok(check, "calls are timed by one link, where nothing unwinds");
	else
		warn(check, host->features.no_session,
		     "Calls are timed at their return instructions instead.");
}

static void check_lockdown(const struct host *host, struct check *check)
{
	const char *line = first_line("/sys/kernel/security/lockdown", host->arena);

	if (line && strstr(line, "[confidentiality]"))
		no(check, line,
		   "In this mode BPF can't read memory; boot with lockdown=integrity.");
	else
		ok(check, line ? line : "none");
}

static void check_sysctls(const struct host *host, struct check *check)
{
	static const char *const paths[] = {
		"/proc/sys/kernel/perf_event_paranoid", "/proc/sys/kernel/kptr_restrict",
		"/proc/sys/kernel/unprivileged_bpf_disabled", "/proc/sys/kernel/yama/ptrace_scope"};
	struct strbuf _cleanup_(strbuf_free) text = {0};

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		const char *value = first_line(paths[i], host->arena);

		strbuf_printf(&text, "%s%s %s", i ? ", " : "", strrchr(paths[i], '/') + 1,
			      value ? value : "absent");
	}
	ok(check, arena_strdup(host->arena, text.text));
}

static void check_memlock(const struct host *host, struct check *check)
{
	struct rlimit limit = {0};

	getrlimit(RLIMIT_MEMLOCK, &limit);
	if (limit.rlim_max == RLIM_INFINITY)
		ok(check, "unlimited");
	else
		ok(check, arena_printf(host->arena, "%llu KiB; counts on kernels before 5.11 only",
				       (unsigned long long)limit.rlim_max >> 10));
}

static void check_namespace(const struct host *host, struct check *check)
{
	enum { FIRST_PID_NAMESPACE = 0xeffffffcu }; /* PROC_PID_INIT_INO, linux/proc_ns.h */
	u64 own = proc_pid_namespace(getpid());

	if (own == FIRST_PID_NAMESPACE)
		ok(check, "the host's");
	else
		warn(check, "a container's: -p takes the container's process numbers",
		     "To look into other containers, run snapline with the host's pid namespace.");
}

static bool has_entries(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	bool found = false;

	while (dir && !found && (entry = readdir(dir)))
		found = entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return found;
}

static void check_debug_files(const struct host *host, struct check *check)
{
	if (has_entries("/usr/lib/debug/.build-id"))
		ok(check, "/usr/lib/debug/.build-id");
	else
		warn(check, "no separate debug files; programs need debug information of their own",
		     "Build with -g, or install the -dbgsym or -debuginfo package of the program.");
}

/* Return probes of other tools put the kernel's trampoline into stacks; unwinding sees through it.
 */
static void check_other_probes(const struct host *host, struct check *check)
{
	FILE *file = fopen("/sys/kernel/tracing/uprobe_events", "re");
	unsigned probes = 0, returns = 0;
	char line[512];

	while (file && fgets(line, sizeof(line), file)) {
		probes += line[0] == 'p';
		returns += line[0] == 'r';
	}
	if (!file) {
		ok(check, "not known: tracefs can't be read");
		return;
	}
	fclose(file);
	ok(check, arena_printf(host->arena, "%u uprobes and %u return probes in tracefs", probes,
			       returns));
}

static const struct check_type types[] = {
	{"kernel", check_kernel},
	{"privileges", check_privileges},
	{"lockdown", check_lockdown},
	{"kernel types", check_btf},
	{"bpf", check_bpf},
	{"uprobes", check_uprobes, true},
	{"multi links", check_multi, true},
	{"process links", check_multi_pids, true},
	{"ring buffer", check_ring_buffer, true},
	{"faulting reads", check_faulting, true},
	{"loop helper", check_loop, true},
	{"cookies", check_cookies, true},
	{"exact limits", check_limit, true},
	{"cheap probes", check_cheap, true},
	{"missed hits", check_missed, true},
	{"session links", check_sessions, true},
	{"sysctls", check_sysctls},
	{"memlock", check_memlock},
	{"pid namespace", check_namespace},
	{"debug files", check_debug_files},
	{"other probes", check_other_probes},
};

void check_run(const struct check_type *type, const struct host *host, struct check *check)
{
	if (type->needs_bpf && !host->features.privileged)
		warn(check, "not tried, as programs don't load", NULL);
	else
		type->run(host, check);
}

const struct check_type *check_types(size_t *n)
{
	*n = ARRAY_LEN(types);
	return types;
}
