/* SPDX-License-Identifier: BSD-2-Clause */
#include "load/remote.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/host.h"
#include "load/session.h"

/* A process has one keeper, or none: the property that host_use() speaks of. */
static int keeper = -1;

bool remote_is_used(void)
{
	return keeper >= 0;
}

static bool is_gone(void)
{
	struct pollfd other = {.fd = keeper};

	return poll(&other, 1, 0) > 0 && other.revents & POLLHUP;
}

/*
 * Turns a request into its answer. A keeper that was killed takes this process with it a moment
 * later (sandbox.h); until then nothing must be said of a session that is gone.
 */
static void ask(struct parcel *message)
{
	if (channel_send(keeper, 0, message) &&
	    channel_receive(keeper, 0, WIRE_MOST_ANSWER, CHANNEL_FDS, message))
		return;
	if (is_gone())
		_exit(ERROR_FAILED);
	strbuf_clear(&message->bytes);
	message->number = WIRE_ERRNO;
	wire_put_u32(&message->bytes, EPIPE);
}

static void ask_with(enum wire_request request, const void *given, size_t len,
		     struct parcel *message)
{
	message->number = request;
	strbuf_add(&message->bytes, given, len);
	ask(message);
}

static struct error *bad_answer(void)
{
	return error_new(ERROR_FAILED, "the keeper's answer can't be understood");
}

struct error *remote_call(enum wire_request request, const void *given, size_t len, void *got,
			  size_t got_len)
{
	_cleanup_(parcel_free) struct parcel message = {};
	struct error *err;

	ask_with(request, given, len, &message);
	err = wire_error(&message);
	if (!err && message.bytes.len != got_len)
		err = bad_answer();
	if (!err && got_len)
		memcpy(got, message.bytes.text, got_len);
	return err;
}

void remote_get(enum wire_request request, const void *given, size_t len, void *got, size_t got_len)
{
	struct error *err = remote_call(request, given, len, got, got_len);

	if (err)
		memset(got, 0, got_len);
	error_free(err);
}

struct error *remote_fetch(enum wire_request request, const void *given, size_t len,
			   struct arena *arena, const u8 **bytes, size_t *n)
{
	_cleanup_(parcel_free) struct parcel message = {};
	struct error *err;

	ask_with(request, given, len, &message);
	err = wire_error(&message);
	if (err)
		return err;
	*bytes = arena_memdup(arena, message.bytes.text, message.bytes.len);
	*n = message.bytes.len;
	return NULL;
}

/* 0, or the error number of a request that fails by such. */
static int errno_of(const struct parcel *answer)
{
	struct cursor in = cursor_new((const u8 *)answer->bytes.text, answer->bytes.len);
	int code = answer->number == WIRE_ERRNO ? (int)cursor_unsigned(&in, sizeof(u32)) : EIO;

	return answer->number == WIRE_OK ? 0 : code;
}

int remote_fd(enum wire_request request, const void *given, size_t len)
{
	_cleanup_(parcel_free) struct parcel message = {};
	int code;

	ask_with(request, given, len, &message);
	code = errno_of(&message);
	if (code || message.n_fds != 1)
		return -(code ? code : EIO);
	message.n_fds = 0;
	return message.fds[0];
}

bool remote_command_ended(int *status)
{
	struct wire_ended ended;

	remote_get(WIRE_COMMAND, NULL, 0, &ended, sizeof(ended));
	*status = ended.status;
	return ended.ended;
}

void remote_bye(void)
{
	_cleanup_(parcel_free) struct parcel message = {};

	if (remote_is_used())
		ask_with(WIRE_BYE, NULL, 0, &message);
}

/* base/host.h: false and errno, or the answer in *message. */
static bool ask_host(enum wire_request request, const void *given, size_t len,
		     struct parcel *message)
{
	int code;

	ask_with(request, given, len, message);
	code = errno_of(message);
	errno = code;
	return !code;
}

static int far_fd(enum wire_request request, const char *path)
{
	int fd = remote_fd(request, path, strlen(path) + 1);

	if (fd < 0)
		errno = -fd;
	return fd < 0 ? -1 : fd;
}

static int far_open(const char *path)
{
	return far_fd(WIRE_OPEN, path);
}

static int far_create(const char *path)
{
	return far_fd(WIRE_CREATE, path);
}

static int far_stat(const char *path, struct stat *info)
{
	_cleanup_(parcel_free) struct parcel message = {};

	if (!ask_host(WIRE_STAT, path, strlen(path) + 1, &message) ||
	    message.bytes.len != sizeof(*info))
		return -1;
	memcpy(info, message.bytes.text, sizeof(*info));
	return 0;
}

static ssize_t far_read_link(const char *path, char *target, size_t size)
{
	_cleanup_(parcel_free) struct parcel message = {};
	size_t len;

	if (!ask_host(WIRE_READ_LINK, path, strlen(path) + 1, &message))
		return -1;
	len = min_u64(message.bytes.len, size);
	memcpy(target, message.bytes.text, len);
	return (ssize_t)len;
}

static bool far_real_path(const char *path, char *real)
{
	_cleanup_(parcel_free) struct parcel message = {};

	if (!ask_host(WIRE_REAL_PATH, path, strlen(path) + 1, &message) ||
	    message.bytes.len >= PATH_MAX)
		return false;
	memcpy(real, message.bytes.text, message.bytes.len + 1);
	return true;
}

static bool far_list(const char *path, struct strbuf *names)
{
	_cleanup_(parcel_free) struct parcel message = {};

	if (!ask_host(WIRE_LIST, path, strlen(path) + 1, &message))
		return false;
	strbuf_add(names, message.bytes.text, message.bytes.len);
	return true;
}

static int far_keep(const char *path)
{
	_cleanup_(parcel_free) struct parcel message = {};
	s32 handle;

	if (!ask_host(WIRE_KEEP, path, strlen(path) + 1, &message) ||
	    message.bytes.len != sizeof(handle))
		return -1;
	memcpy(&handle, message.bytes.text, sizeof(handle));
	return handle;
}

static void far_let_go(int handle)
{
	remote_get(WIRE_LET_GO, &handle, sizeof(handle), NULL, 0);
}

static bool far_read_memory(int pid, u64 address, void *bytes, size_t len)
{
	const struct wire_memory wanted = {address, len, pid, 0};
	_cleanup_(parcel_free) struct parcel message = {};

	if (!ask_host(WIRE_READ_MEMORY, &wanted, sizeof(wanted), &message) ||
	    message.bytes.len != len)
		return false;
	memcpy(bytes, message.bytes.text, len);
	return true;
}

static bool far_read_resident(int pid, u64 address, void *bytes, size_t len, char *stat)
{
	const struct wire_memory wanted = {address, len, pid, 0};
	_cleanup_(parcel_free) struct parcel message = {};

	if (!ask_host(WIRE_READ_RESIDENT, &wanted, sizeof(wanted), &message) ||
	    message.bytes.len <= len)
		return false;
	memcpy(bytes, message.bytes.text, len);
	snprintf(stat, HOST_STAT_BYTES, "%s", message.bytes.text + len);
	return true;
}

static const struct host far_host = {
	.open = far_open,
	.create = far_create,
	.stat = far_stat,
	.read_link = far_read_link,
	.real_path = far_real_path,
	.list = far_list,
	.keep = far_keep,
	.let_go = far_let_go,
	.read_memory = far_read_memory,
	.read_resident = far_read_resident,
};

void remote_use(int socket)
{
	keeper = socket;
	host_use(&far_host);
}

/* The last descriptor is the map's of probe states, the others are rings. */
static struct error *take_started(struct load_session *session, struct parcel *message)
{
	struct ring_set set = {.n = message->n_fds ? message->n_fds - 1 : 0};
	struct wire_started started;
	struct error *err;
	int states;

	if (message->bytes.len != sizeof(started) || !set.n || set.n > SNAPLINE_MAX_RINGS)
		return bad_answer();
	memcpy(&started, message->bytes.text, sizeof(started));
	session->info = started.info;
	memcpy(set.fds, message->fds, set.n * sizeof(*set.fds));
	memcpy(set.bytes, started.ring_bytes, sizeof(set.bytes));
	states = message->fds[set.n];
	message->n_fds = 0; /* rings_new() and session_map_states() have them */
	err = session_map_states(session, states);
	close(states);
	if (!err)
		return rings_new(&set, &session->rings);
	while (set.n)
		close(set.fds[--set.n]);
	return err;
}

/* deliver() asks to which probe a record's place belongs. */
static struct error *note_places(struct load_session *session, const struct load_place *places,
				 size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (places[i].index >= session->place_capacity ||
		    places[i].probe >= session->config.n_probes)
			return error_new(ERROR_FAILED, "place %u does not fit the session",
					 places[i].index);
		session->places[places[i].index].place = places[i];
	}
	return NULL;
}

struct error *remote_start(struct load_session *session)
{
	_cleanup_(parcel_free) struct parcel message = {.number = WIRE_START};
	struct error *err;

	wire_put_config(&message.bytes, &session->config);
	ask(&message);
	err = wire_error(&message);
	if (!err)
		err = take_started(session, &message);
	return err ? err : note_places(session, session->config.places, session->config.n_places);
}

struct error *remote_attach_more(struct load_session *session, const struct load_place *places,
				 size_t n)
{
	_cleanup_(strbuf_free) struct strbuf given = {};
	struct error *err = note_places(session, places, n);

	wire_put_places(&given, places, n);
	return err ? err : remote_call(WIRE_ATTACH_MORE, given.text, given.len, NULL, 0);
}

void remote_use_of_probes(struct load_session *session, struct load_use *use)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct wire_use got = {};
	const u8 *bytes = NULL;
	struct cursor in;
	size_t len = 0;

	if (!session->remote_hits) {
		session->remote_hits = arena_array(session->arena, u64, session->place_capacity);
		session->remote_own_ns = arena_array(session->arena, u64, session->place_capacity);
	}
	error_free(remote_fetch(WIRE_USE, NULL, 0, arena, &bytes, &len));
	in = cursor_new(bytes, len);
	cursor_bytes(&in, &got, sizeof(got));
	got.n = min_u64(got.n, session->place_capacity);
	if (cursor_left(&in) >= 2 * got.n * sizeof(u64)) {
		cursor_bytes(&in, session->remote_hits, got.n * sizeof(u64));
		cursor_bytes(&in, session->remote_own_ns, got.n * sizeof(u64));
	}
	*use = (struct load_use){got.time_ns, got.cpu_ns, session->remote_hits,
				 session->remote_own_ns};
}

/* Rows until only the probes' losses are left. */
struct error *remote_count_rows(u32 n_probes, struct arena *arena, struct load_count_row **rows,
				size_t *n, u64 **lost)
{
	size_t len, tail = n_probes * sizeof(u64);
	struct load_count_row *found = NULL;
	const u8 *bytes;
	struct error *err = remote_fetch(WIRE_COUNT_ROWS, NULL, 0, arena, &bytes, &len);
	struct cursor in;
	size_t count = 0;

	if (err)
		return err;
	in = cursor_new(bytes, len);
	while (!in.failed && cursor_left(&in) > tail) {
		struct histogram_cells *cells = NULL;
		struct wire_row row;

		cursor_bytes(&in, &row, sizeof(row));
		if (row.has_cells) {
			cells = arena_array(arena, struct histogram_cells, 2);
			cursor_bytes(&in, cells, 2 * sizeof(*cells));
		}
		*arena_push(arena, found, count) =
			(struct load_count_row){row.key, row.hits, row.absent, cells};
	}
	*lost = arena_array(arena, u64, n_probes);
	cursor_bytes(&in, *lost, tail);
	if (in.failed)
		return bad_answer();
	*rows = found;
	*n = count;
	return NULL;
}

void remote_tictoc_rows(struct arena *arena, struct load_tictoc_row **rows, size_t *n)
{
	_cleanup_(error_freep) struct error *err = NULL;
	const u8 *bytes;
	size_t len;

	err = remote_fetch(WIRE_TICTOC_ROWS, NULL, 0, arena, &bytes, &len);
	if (err || len % sizeof(**rows))
		return;
	*rows = (void *)(uintptr_t)bytes;
	*n = len / sizeof(**rows);
}
