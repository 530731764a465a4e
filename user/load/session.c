/* SPDX-License-Identifier: BSD-2-Clause */
/* The life of a session after load_start(). */
#include "base/clock.h"
#include "base/grow.h"
#include "load/object.h"
#include "load/remote.h"
#include "load/session.h"
#include "load/tries.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "proc/proc.h"

enum {
	FEW_PLACES = 64, /* up to here a program with one place gets by without the cookie helper */
};
#define TICK_NS (1000000000ull / 100) /* of /proc/PID/stat: USER_HZ */

/* When it started, in ticks since boot. Not found if it is gone, or another has its number. */
static struct error *find_start(int pid, u64 expected, u64 *ticks, bool *found)
{
	struct error *err = proc_start_time(pid, ticks);

	*found = !err && (!expected || *ticks == expected);
	if (err && err->kind == ERROR_FAILED)
		return err;
	error_free(err);
	return NULL;
}

struct error *session_add_pid(struct load_session *session, int pid, u64 expected)
{
	u64 ticks, start;
	struct error *err;
	u32 key = pid;
	bool found;
	int code;

	if (session->config.filter == LOAD_ANY)
		return NULL;
	err = find_start(pid, expected, &ticks, &found);
	if (err || !found)
		return err;
	start = ticks * TICK_NS;
	code = bpf_map_update_elem(object_map(session->object, "pids"), &key, &start, BPF_ANY);
	if (code)
		return kernel_error(-code, "cannot add a process");
	if (session->config.filter == LOAD_BINARY) /* added again and again */
		return NULL;
	session->pids = grow(session->pids, session->n_pids, &session->pid_capacity,
			     sizeof(*session->pids));
	session->pids[session->n_pids++] = pid;
	object_set(session->object, "one_pid", session->n_pids == 1 ? key : 0);
	if (!session->by_pid)
		return NULL;
	return session->attached ? attach_process(session, pid) : NULL;
}

bool session_has_pid(const struct load_session *session, int pid)
{
	u32 key = (u32)pid;
	u64 start;

	return !bpf_map_lookup_elem(object_map(session->object, "pids"), &key, &start);
}

struct error *session_has_still(const struct load_session *session, int pid, bool *still)
{
	u32 key = (u32)pid;
	u64 start, ticks;

	*still = false;
	if (bpf_map_lookup_elem(object_map(session->object, "pids"), &key, &start))
		return NULL;
	return find_start(pid, start / TICK_NS, &ticks, still);
}

struct error *load_add_pid(struct load_session *session, int pid)
{
	if (session->is_remote)
		return remote_call(WIRE_ADD_PID, &pid, sizeof(pid), NULL, 0);
	return session_add_pid(session, pid, 0);
}

static struct error *load_prog(struct load_session *session, const struct prog_source *source,
			       u32 attach_type, u32 *prog)
{
	int fd;
	struct error *err = program_load(session, source, attach_type, &fd);

	if (err)
		return err;
	session->progs = grow(session->progs, session->n_progs, &session->prog_capacity,
			      sizeof(*session->progs));
	session->progs[session->n_progs] =
		(struct prog){.fd = fd, .source = *source, .wide = NO_PROG};
	*prog = session->n_progs++;
	return NULL;
}

/* The same program with PROGRAM_IS_WIDE, loaded once. */
static struct error *load_wide(struct load_session *session, u32 prog, u32 *wide)
{
	struct prog_source source = session->progs[prog].source;
	struct error *err = NULL;

	if (session->progs[prog].wide == NO_PROG && !source.is_wide) {
		source.is_wide = true;
		err = load_prog(session, &source, session->multi_type, wide);
		if (!err)
			session->progs[prog].wide = *wide;
		return err;
	}
	*wide = source.is_wide ? prog : session->progs[prog].wide;
	return NULL;
}

struct error *session_load_wide(struct load_session *session)
{
	struct error *err = NULL;

	for (size_t i = 0; i < session->n_places && !err; i++) {
		struct session_place *place = &session->places[session->order[i]];

		err = load_wide(session, place->prog, &place->prog);
	}
	return err;
}

/* With cookies the places of a program share it; with one place alone it needs none. */
static struct error *place_program(struct load_session *session, struct session_place *place,
				   bool alone)
{
	u32 program = place->place.program;
	bool shared = session->cookies && !alone;
	const struct prog_source source = {program, place->place.index, !shared, false};
	struct error *err;

	if (shared && session->prog_of[program] != NO_PROG) {
		place->prog = session->prog_of[program];
		return NULL;
	}
	err = load_prog(session, &source, session->multi_type, &place->prog);
	if (!err && shared)
		session->prog_of[program] = place->prog;
	return err;
}

void session_keep_place(struct load_session *session, struct load_place *place)
{
	place->path = arena_strdup(session->arena, place->path);
	if (place->shown)
		place->shown = arena_strdup(session->arena, place->shown);
}

static struct error *add_place(struct load_session *session, const struct load_place *place,
			       bool alone)
{
	struct place_config entry = {
		.pc = place->pc,
		.probe = place->probe,
		.pair = place->pair,
		.cfa_offset = place->cfa_offset,
		.cfa_is_fp = place->cfa_is_fp,
		.by_goroutine = place->by_goroutine,
	};
	struct session_place *slot;
	int code;

	if (place->index >= session->place_capacity || place->probe >= session->config.n_probes ||
	    place->program >= session->config.n_programs)
		return error_new(ERROR_FAILED, "place %u does not fit the session", place->index);
	slot = &session->places[place->index];
	slot->place = *place;
	session_keep_place(session, &slot->place);
	session->order[session->n_places++] = place->index;
	code = bpf_map_update_elem(object_map(session->object, "places"), &place->index, &entry,
				   BPF_ANY);
	if (code)
		return kernel_error(-code, "cannot add a place");
	return place_program(session, slot, alone);
}

static bool only_place_of_program(const struct load_place *places, size_t n, size_t i)
{
	for (size_t k = 0; k < n; k++) {
		if (k != i && places[k].program == places[i].program)
			return false;
	}
	return true;
}

struct error *load_attach_more(struct load_session *session, const struct load_place *places,
			       size_t n)
{
	struct error *err = NULL;
	bool widened;

	if (session->is_remote)
		return remote_attach_more(session, places, n);
	if (session->n_places + n > session->place_capacity)
		return error_new(ERROR_FAILED, "more than %zu places", session->place_capacity);
	for (size_t i = 0; i < n && !err; i++)
		err = add_place(session, &places[i],
				n <= FEW_PLACES && only_place_of_program(places, n, i));
	if (err)
		return err;
	session->attached = true;
	err = attach_widened(session, &widened);
	if (err || widened)
		return err;
	if (!session->by_pid)
		return attach_places(session, places, n, -1);
	for (size_t i = 0; i < session->n_pids && !err; i++)
		err = attach_places(session, places, n, session->pids[i]);
	return err;
}

/* Children forked before the tracepoints stood are not told by them. */
static struct error *add_descendants(struct load_session *session)
{
	size_t known = session->n_pids;
	struct error *err = NULL;

	for (size_t i = 0; i < known && !err; i++) {
		struct arena *arena = arena_new();
		int *pids;
		size_t n = 0;

		error_free(proc_children(session->pids[i], arena, &pids, &n));
		for (size_t k = 0; k < n && !err; k++)
			err = load_add_pid(session, pids[k]);
		arena_free(arena);
	}
	return err;
}

/* Loading programs takes seconds on a slow machine: the time that was asked for begins after it. */
static void start_clock(struct load_session *session)
{
	u64 duration = session->config.limits.duration_ns;

	if (!duration)
		return;
	session->expires = clock_now() + duration;
	for (u32 i = 0; i < session->config.n_probes; i++)
		__atomic_store_n(&session->states[i].expires, session->expires, __ATOMIC_RELEASE);
}

struct error *load_attach(struct load_session *session)
{
	struct error *err;

	if (session->is_remote)
		return remote_call(WIRE_ATTACH, NULL, 0, &session->expires,
				   sizeof(session->expires));
	count_set_incomplete(session, true);
	err = attach_follow(session);
	if (!err && session->config.filter == LOAD_FOLLOW)
		err = add_descendants(session);
	if (!err)
		err = load_attach_more(session, session->config.places, session->config.n_places);
	if (err)
		return err;
	start_clock(session);
	count_set_incomplete(session, false);
	return NULL;
}

size_t load_attached(const struct load_session *session)
{
	u64 n = 0;

	if (session->is_remote) {
		remote_get(WIRE_ATTACHED, NULL, 0, &n, sizeof(n));
		return n;
	}
	for (size_t i = 0; i < session->n_links; i++)
		n += session->links[i].n_places > 0;
	return n;
}

bool load_follows(struct load_session *session)
{
	int map;
	u32 pid;

	if (session->is_remote) {
		remote_get(WIRE_FOLLOWS, NULL, 0, &pid, sizeof(pid));
		return pid;
	}
	map = object_map(session->object, "pids");
	while (!bpf_map_get_next_key(map, NULL, &pid)) {
		if (!proc_ended((int)pid))
			return true;
		/* it ended before the kernel side was there to see it */
		if (bpf_map_delete_elem(map, &pid))
			return false;
	}
	return false;
}

static void set_gate(struct load_session *session, u64 closed)
{
	for (u32 i = 0; i < session->config.n_probes; i++)
		__atomic_store_n(&session->states[i].closed, closed, __ATOMIC_RELEASE);
}

void load_resume(struct load_session *session)
{
	set_gate(session, 0);
}

void load_pause(struct load_session *session)
{
	set_gate(session, 1);
}

/* Programs look at the clock too; this closes the gate also where none of them runs. */
static void close_expired(struct load_session *session)
{
	if (session->expires && clock_now() >= session->expires)
		set_gate(session, 1);
}

/* False: it came behind its probe's limit, and is one of over_limit after all. */
static bool deliver(struct load_session *session, const struct record_head *record)
{
	u64 limit = session->config.limits.hits;
	u32 probe;

	if (record->place >= session->place_capacity)
		return false;
	probe = session->places[record->place].place.probe;
	if (limit && session->delivered[probe] >= limit) {
		session->trimmed[probe]++;
		return false;
	}
	session->delivered[probe]++;
	return true;
}

static bool take_ready(struct load_session *session, const struct record_head **result)
{
	struct record_head *record;
	bool all = session->stopped || load_finished(session);

	while ((record = rings_pop(session->rings, all))) {
		if (deliver(session, record)) {
			free(session->current);
			session->current = record;
			*result = record;
			return true;
		}
		free(record);
	}
	return false;
}

static int wait_time(const struct load_session *session, u64 deadline)
{
	int due = rings_next_ms(session->rings);
	u64 now = clock_now(), until = deadline;
	int left;

	if (session->expires > now)
		until = min_u64(until, session->expires);
	left = until > now ? (until - now) / 1000000 + 1 : 0;
	return due >= 0 && due < left ? due : left;
}

static struct error *check_rings(const struct load_session *session)
{
	u64 n = rings_foreign(session->rings);

	if (!n)
		return NULL;
	return error_new(ERROR_FAILED, "the ring buffers hold %llu entries that are no records",
			 (unsigned long long)n);
}

struct error *load_next(struct load_session *session, int timeout_ms, int wake_fd,
			const struct record_head **record)
{
	u64 deadline = clock_now() + max_u64(timeout_ms, 0) * 1000000;

	*record = NULL;
	rings_take(session->rings, session->stopped);
	while (!take_ready(session, record)) {
		close_expired(session);
		if (session->stopped || clock_now() >= deadline)
			break;
		if (!rings_wait(session->rings, wait_time(session, deadline), wake_fd))
			break;
	}
	return check_rings(session);
}

bool load_finished(const struct load_session *session)
{
	if (session->expires && clock_now() >= session->expires)
		return true;
	if (!session->config.limits.hits)
		return false;
	/* Tic-toc claims its pairs at the first probe. */
	for (u32 i = 0; i < (tictoc_is_ours(session) ? 1 : session->config.n_probes); i++) {
		if (__atomic_load_n(&session->states[i].claimed, __ATOMIC_ACQUIRE) <
		    session->config.limits.hits)
			return false;
	}
	return true;
}

/* Tics first: what is open then still has its tocs. */
void session_close_links(struct load_session *session)
{
	count_set_incomplete(session, true);
	while (session->n_links)
		link_close(&session->links[--session->n_links]);
}

void load_stop(struct load_session *session)
{
	if (session->is_remote)
		remote_get(WIRE_STOP, NULL, 0, NULL, 0);
	session_close_links(session);
	session->stopped = true;
	rings_take(session->rings, true);
}

void load_counts(struct load_session *session, u32 probe, struct load_counts *counts)
{
	const struct wire_counts wanted = {session->trimmed[probe], probe, 0};
	struct probe_counts *each, sum = {};
	int n;

	if (session->is_remote) {
		remote_get(WIRE_COUNTS, &wanted, sizeof(wanted), counts, sizeof(*counts));
		return;
	}
	n = libbpf_num_possible_cpus();
	each = calloc(n, sizeof(*each));
	if (!each)
		error_no_memory();
	memset(counts, 0, sizeof(*counts));
	if (!bpf_map_lookup_elem(object_map(session->object, "counts"), &probe, each)) {
		for (int cpu = 0; cpu < n; cpu++) {
			for (int i = 0; i < HIT_CLASSES; i++)
				sum.hits[i] += each[cpu].hits[i];
			sum.faulted += each[cpu].faulted;
		}
	}
	free(each);
	counts->hits = __atomic_load_n(&session->states[probe].hits, __ATOMIC_ACQUIRE);
	counts->over_limit = sum.hits[HIT_OVER_LIMIT] + session->trimmed[probe];
	counts->condition_error = sum.hits[HIT_CONDITION_ERROR];
	counts->condition_false = sum.hits[HIT_CONDITION_FALSE];
	counts->rate_limited = sum.hits[HIT_RATE_LIMITED];
	counts->buffer_full = sum.hits[HIT_BUFFER_FULL];
	counts->emitted = sum.hits[HIT_EMITTED] - session->trimmed[probe];
	counts->faulted = sum.faulted;
	count_emitted(session, probe, counts);
}

bool load_missed(struct load_session *session, u64 *missed)
{
	u64 sum = 0;

	if (session->is_remote) {
		remote_get(WIRE_MISSED, NULL, 0, missed, sizeof(*missed));
		return *missed != UINT64_MAX;
	}
	if (!try_misses())
		return false;
	for (size_t i = 0; i < session->n_progs; i++) {
		struct bpf_prog_info info = {};
		u32 len = sizeof(info);

		if (bpf_obj_get_info_by_fd(session->progs[i].fd, &info, &len))
			return false;
		sum += info.recursion_misses;
	}
	*missed = sum;
	return true;
}

void load_info(const struct load_session *session, struct load_info *info)
{
	if (session->is_remote) {
		remote_get(WIRE_INFO, NULL, 0, info, sizeof(*info));
		return;
	}
	*info = session->info;
	info->n_links = session->n_links;
}

void load_free(struct load_session *session)
{
	if (!session)
		return;
	for (size_t i = 0; i < session->n_links; i++)
		link_close(&session->links[i]);
	for (size_t i = 0; i < session->n_progs; i++)
		close(session->progs[i].fd);
	usage_free(session);
	rings_free(session->rings);
	if (session->states)
		munmap(session->states, session->states_len);
	if (session->binary_fd > 0)
		close(session->binary_fd);
	bpf_object__close(session->object);
	free(session->image.insns);
	free(session->image.func_info);
	free(session->links);
	free(session->progs);
	free(session->pids);
	free(session->current);
	arena_free(session->arena);
	free(session);
}
