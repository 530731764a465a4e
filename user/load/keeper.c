/* SPDX-License-Identifier: BSD-2-Clause */
#include "load/keeper_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/host.h"
#include "load/watch.h"

#define MESSAGE_NS 10000000000ull /* for a request to come whole, and for its answer to be taken */

void give(struct call *call, const void *bytes, size_t len)
{
	strbuf_add(&call->answer->bytes, bytes, len);
}

void give_code(struct call *call, int code)
{
	if (code >= 0)
		return;
	strbuf_clear(&call->answer->bytes);
	call->answer->number = WIRE_ERRNO;
	wire_put_u32(&call->answer->bytes, (u32)-code);
}

void give_error(struct call *call, struct error *err)
{
	if (err)
		wire_put_error(call->answer, err);
}

void give_fd(struct call *call, int fd)
{
	give_code(call, fd);
	if (fd >= 0)
		call->answer->fds[call->answer->n_fds++] = fd;
}

void give_kept_fd(struct call *call, int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	give_fd(call, copy < 0 ? -errno : copy);
}

static const char *take_path(struct call *call)
{
	const char *path = cursor_string(&call->in);

	return path ? path : "";
}

s32 take_s32(struct call *call)
{
	return (s32)cursor_signed(&call->in, sizeof(s32));
}

/* Files. */

static void on_open(struct call *call)
{
	give_fd(call, permit_open(call->keeper->permit, take_path(call)));
}

static void on_create(struct call *call)
{
	give_fd(call, permit_create(call->keeper->permit, take_path(call)));
}

static void on_stat(struct call *call)
{
	struct stat info;
	int code = permit_stat(call->keeper->permit, take_path(call), &info);

	if (!code)
		give(call, &info, sizeof(info));
	give_code(call, code);
}

static void on_read_link(struct call *call)
{
	give_code(call,
		  permit_read_link(call->keeper->permit, take_path(call), &call->answer->bytes));
}

static void on_real_path(struct call *call)
{
	give_code(call,
		  permit_real_path(call->keeper->permit, take_path(call), &call->answer->bytes));
}

static void on_list(struct call *call)
{
	give_code(call, permit_list(call->keeper->permit, take_path(call), &call->answer->bytes));
}

static void on_keep(struct call *call)
{
	s32 handle = permit_keep(call->keeper->permit, take_path(call));

	if (handle >= 0)
		give(call, &handle, sizeof(handle));
	give_code(call, handle);
}

static void on_let_go(struct call *call)
{
	give_code(call, permit_let_go(call->keeper->permit, take_s32(call)));
}

/* Memory and processes. */

/* Room for the bytes that are asked for; NULL: refused, and answered. */
static u8 *take_memory(struct call *call, struct wire_memory *wanted)
{
	cursor_bytes(&call->in, wanted, sizeof(*wanted));
	if (wanted->len <= WIRE_MOST_MEMORY && permit_process(call->keeper->permit, wanted->pid))
		return arena_alloc(call->arena, wanted->len);
	give_code(call, -EACCES);
	return NULL;
}

/* Asked again, as the number may be another process's since. */
static void give_memory(struct call *call, const struct wire_memory *wanted, const u8 *bytes,
			bool good)
{
	int code = good ? 0 : -errno;

	if (!permit_process(call->keeper->permit, wanted->pid))
		code = -EACCES;
	if (!code)
		give(call, bytes, wanted->len);
	give_code(call, code);
}

static void on_read_memory(struct call *call)
{
	struct wire_memory wanted;
	u8 *bytes = take_memory(call, &wanted);

	if (bytes)
		give_memory(call, &wanted, bytes,
			    host_direct.read_memory(wanted.pid, wanted.address, bytes, wanted.len));
}

static void on_read_resident(struct call *call)
{
	char stat[HOST_STAT_BYTES] = "";
	struct wire_memory wanted;
	u8 *bytes = take_memory(call, &wanted);

	if (!bytes)
		return;
	give_memory(call, &wanted, bytes,
		    host_direct.read_resident(wanted.pid, wanted.address, bytes, wanted.len, stat));
	if (call->answer->number == WIRE_OK)
		give(call, stat, strlen(stat) + 1);
}

static void on_watch(struct call *call)
{
	give_fd(call, watch_open(take_s32(call)));
}

static void on_costs(struct call *call)
{
	struct load_costs costs;

	memset(&costs, 0, sizeof(costs));
	load_measure_costs(&costs);
	give(call, &costs, sizeof(costs));
}

static void on_command(struct call *call)
{
	struct wire_ended ended = {};

	if (call->keeper->launch)
		ended.ended = launch_ended(call->keeper->launch, &ended.status);
	give(call, &ended, sizeof(ended));
}

static void on_bye(struct call *call)
{
	call->keeper->is_done = true;
}

static void (*const requests[WIRE_REQUESTS])(struct call *call) = {
	[WIRE_OPEN] = on_open,
	[WIRE_CREATE] = on_create,
	[WIRE_STAT] = on_stat,
	[WIRE_READ_LINK] = on_read_link,
	[WIRE_REAL_PATH] = on_real_path,
	[WIRE_LIST] = on_list,
	[WIRE_KEEP] = on_keep,
	[WIRE_LET_GO] = on_let_go,
	[WIRE_READ_MEMORY] = on_read_memory,
	[WIRE_READ_RESIDENT] = on_read_resident,
	[WIRE_WATCH] = on_watch,
	[WIRE_COSTS] = on_costs,
	[WIRE_COMMAND] = on_command,
	[WIRE_BYE] = on_bye,
};

struct keeper *keeper_new(const struct permit_terms *terms, struct launch *launch, int socket)
{
	struct keeper *keeper = calloc(1, sizeof(*keeper));

	if (!keeper)
		error_no_memory();
	*keeper = (struct keeper){.socket = socket, .permit = permit_new(terms), .launch = launch};
	return keeper;
}

/* list, explain and replay need no more. */
static bool is_about_files(u32 request)
{
	return request <= WIRE_READ_RESIDENT || request == WIRE_BYE;
}

static void answer(struct keeper *keeper, struct parcel *request, struct parcel *answer)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct call call = {keeper, cursor_new((const u8 *)request->bytes.text, request->bytes.len),
			    answer, arena};

	answer->number = WIRE_OK;
	if (permit_terms(keeper->permit)->only_reads && !is_about_files(request->number))
		give_code(&call, -EACCES);
	else if (requests[request->number])
		requests[request->number](&call);
	else if (!keeper_answer_session(&call, request->number))
		give_code(&call, -EINVAL);
	if (!call.in.failed)
		return;
	parcel_close_fds(answer);
	give_code(&call, -EINVAL);
}

bool keeper_answer(struct keeper *keeper)
{
	_cleanup_(parcel_free) struct parcel request = {}, reply = {};

	if (!channel_receive(keeper->socket, clock_now() + MESSAGE_NS, WIRE_MOST_BYTES, 0,
			     &request) ||
	    request.number >= WIRE_REQUESTS)
		return false;
	answer(keeper, &request, &reply);
	return channel_send(keeper->socket, clock_now() + MESSAGE_NS, &reply);
}

bool keeper_is_done(const struct keeper *keeper)
{
	return keeper->is_done;
}

const char *keeper_last_file(const struct keeper *keeper)
{
	return permit_last_file(keeper->permit);
}

void keeper_free(struct keeper *keeper)
{
	if (!keeper)
		return;
	load_free(keeper->load);
	permit_free(keeper->permit);
	close(keeper->socket);
	free(keeper);
}
