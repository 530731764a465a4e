/* SPDX-License-Identifier: BSD-2-Clause */
/* What can be read out of another process's address space. */
#include <errno.h>
#include <link.h>
#include <string.h>

#include "base/host.h"

#include "proc/proc_private.h"

bool proc_read_memory(int pid, u64 address, void *bytes, size_t len)
{
	return host_read_memory(pid, address, bytes, len);
}

bool proc_auxv(int pid, u64 type, u64 *value)
{
	struct arena _cleanup_(arena_freep) *arena = arena_new();
	struct error _cleanup_(error_freep) *err = NULL;
	ElfW(auxv_t) entry;
	char *bytes;
	size_t len;

	err = proc_read_file(pid, "auxv", arena, &bytes, &len);
	if (err)
		return false;
	for (size_t at = 0; at + sizeof(entry) <= len; at += sizeof(entry)) {
		memcpy(&entry, bytes + at, sizeof(entry));
		if (entry.a_type == type && type != AT_NULL) {
			*value = entry.a_un.a_val;
			return true;
		}
	}
	return false;
}

struct error *proc_vdso(int pid, struct arena *arena, u64 *address, u8 **bytes, size_t *len)
{
	enum { VDSO_MAX = 1 << 20 };
	struct proc_map *maps;
	size_t n;
	struct error *err = proc_maps(pid, arena, &maps, &n);

	if (err)
		return err;
	for (size_t i = 0; i < n; i++) {
		size_t size = maps[i].end - maps[i].start;
		u8 *copy;

		if (strcmp(maps[i].path, "[vdso]") != 0 || size > VDSO_MAX)
			continue;
		copy = arena_alloc(arena, size);
		if (!proc_read_memory(pid, maps[i].start, copy, size))
			return proc_exists(pid) ? error_errno(ERROR_FAILED,
							      "process %d: reading its vdso", pid)
						: &error_process_gone;
		*address = maps[i].start;
		*bytes = copy;
		*len = size;
		return NULL;
	}
	*address = 0;
	*bytes = NULL;
	*len = 0;
	return NULL;
}

bool proc_read_resident(int pid, u64 address, void *bytes, size_t len, struct proc_stat *then,
			bool *absent)
{
	char stat[HOST_STAT_BYTES];
	bool good = host_read_resident(pid, address, bytes, len, stat);

	*absent = !good && errno == ENODATA;
	return good && proc_stat_parse(stat, then);
}
