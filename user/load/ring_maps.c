/* SPDX-License-Identifier: BSD-2-Clause */
/* The ring buffers that a session makes in the kernel; rings.h reads them. */
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "load/object.h"
#include "load/session.h"

enum {
	NEAR_BYTES = 1 << 20, /* of a ring that caches hold, */
	NEAR_RECORDS = 16,    /* and at least so many records */
	NEAR_TO_FAR = 4,      /* a ring that is not so much larger needs no near one */
	LEAST_RECORDS = 4,
};

static u32 round_up_power(u32 bytes)
{
	u32 power = 4096;

	while (power < bytes && power < 1u << 30)
		power *= 2;
	return power;
}

/* Of the ring that is to hold a burst. */
static u32 far_bytes(const struct load_session *session)
{
	return round_up_power(
		max_u64(session->config.buffer_bytes, LEAST_RECORDS * session->info.record_bytes));
}

/* Of the ring in front of it (bpf/record.bpf.h); 0: it has none. */
static u32 near_bytes(const struct load_session *session)
{
	u32 bytes = round_up_power(max_u64(NEAR_BYTES, NEAR_RECORDS * session->info.record_bytes));

	return far_bytes(session) / NEAR_TO_FAR > bytes ? bytes : 0;
}

void ring_maps_knobs(struct load_session *session)
{
	u64 cpus = libbpf_num_possible_cpus();

	session->info.n_rings = min_u64(cpus, SNAPLINE_MAX_CPUS);
	object_knob(session->object, "knob_rings", session->info.n_rings);
	object_knob(session->object, "knob_near_bytes", near_bytes(session));
}

/* All at once where the kernel can (5.14): each single update waits for a grace period. */
static int insert_rings(int outer, const struct ring_set *set)
{
	u32 keys[SNAPLINE_MAX_RINGS], count = set->n;
	int code;

	for (u32 i = 0; i < set->n; i++)
		keys[i] = i;
	code = bpf_map_update_batch(outer, keys, set->fds, &count, NULL);
	if (!code)
		return 0;
	for (u32 i = 0; i < set->n; i++) {
		code = bpf_map_update_elem(outer, &i, &set->fds[i], BPF_ANY);
		if (code)
			return code;
	}
	return 0;
}

/* One of that size for each CPU that is to have rings; 0 or negative errno. */
static int add_rings(const struct load_session *session, u32 bytes, struct ring_set *set)
{
	for (u32 i = 0; i < session->info.n_rings; i++) {
		int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "snapline_ring", 0, 0, bytes, NULL);

		if (fd < 0)
			return fd;
		set->bytes[set->n] = bytes;
		set->fds[set->n++] = fd;
	}
	return 0;
}

struct error *ring_maps_make(struct load_session *session)
{
	u32 near = near_bytes(session);
	struct ring_set set = {};
	int code = 0;

	if (near)
		code = add_rings(session, near, &set);
	if (!code)
		code = add_rings(session, far_bytes(session), &set);
	if (!code)
		code = insert_rings(object_map(session->object, "rings"), &set);
	if (!code)
		return rings_new(&set, &session->rings);
	while (set.n)
		close(set.fds[--set.n]);
	return kernel_error(-code, "cannot create a ring buffer");
}
