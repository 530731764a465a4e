/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/privilege.h"

#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/strbuf.h"

static const struct {
	enum privilege bit;
	unsigned number;
	const char *name, *file_name;
} table[] = {
	{PRIVILEGE_BPF, CAP_BPF, "CAP_BPF", "cap_bpf"},
	{PRIVILEGE_PERFMON, CAP_PERFMON, "CAP_PERFMON", "cap_perfmon"},
	{PRIVILEGE_PTRACE, CAP_SYS_PTRACE, "CAP_SYS_PTRACE", "cap_sys_ptrace"},
	{PRIVILEGE_ADMIN, CAP_SYS_ADMIN, "CAP_SYS_ADMIN", "cap_sys_admin"},
};

/* The effective set, "CapEff:" of /proc/self/status. */
static u64 effective_capabilities(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	unsigned long long set = 0;
	char line[256];

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "CapEff: %llx", &set) == 1)
			break;
	}
	if (file)
		fclose(file);
	return set;
}

/* The first user namespace maps every user to itself. */
static bool in_user_namespace(void)
{
	FILE *file = fopen("/proc/self/uid_map", "re");
	unsigned long inside = 0, outside = 0, count = UINT32_MAX;
	int got = file ? fscanf(file, "%lu %lu %lu", &inside, &outside, &count) : 0;

	if (file)
		fclose(file);
	return got == 3 && (inside != 0 || outside != 0 || count != UINT32_MAX);
}

void privileges_read(struct privileges *privileges)
{
	u64 set = effective_capabilities();
	unsigned held = 0, needed = PRIVILEGE_BPF | PRIVILEGE_PERFMON | PRIVILEGE_PTRACE;

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (set >> table[i].number & 1)
			held |= table[i].bit;
	}
	if (held & PRIVILEGE_ADMIN)
		held |= PRIVILEGE_BPF | PRIVILEGE_PERFMON;
	*privileges = (struct privileges){held, needed & ~held, in_user_namespace()};
}

static const char *join(unsigned mask, bool file_names, const char *between, struct arena *arena)
{
	struct strbuf _cleanup_(strbuf_free) names = {0};

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (mask & table[i].bit)
			strbuf_printf(&names, "%s%s", names.len ? between : "",
				      file_names ? table[i].file_name : table[i].name);
	}
	return arena_strdup(arena, names.text ? names.text : "none");
}

const char *privilege_names(unsigned mask, struct arena *arena)
{
	return join(mask, false, ", ", arena);
}

struct error *privilege_check(void)
{
	struct arena _cleanup_(arena_freep) *arena = arena_new();
	struct privileges privileges;
	struct error *err;

	privileges_read(&privileges);
	if (privileges.user_namespace && privileges.lacking == 0 && geteuid() == 0)
		return error_cure(
			error_new(ERROR_PRIVILEGE, "root of a user namespace may not probe"),
			"Run snapline outside of the namespace, or in a privileged container.");
	if (!(privileges.lacking & (PRIVILEGE_BPF | PRIVILEGE_PERFMON)))
		return NULL;
	err = error_new(ERROR_PRIVILEGE, "snapline may not probe: it lacks %s",
			privilege_names(privileges.lacking, arena));
	return error_cure(
		err, "Run it as root (sudo), or once: setcap %s=ep on snapline's file.",
		join(PRIVILEGE_BPF | PRIVILEGE_PERFMON | PRIVILEGE_PTRACE, true, ",", arena));
}
