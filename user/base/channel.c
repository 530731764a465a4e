/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

enum { PACKET_BYTES = 64 << 10 };

/* In front of a message's first packet. */
struct packet_head {
	u32 number, unused;
	u64 len; /* of all packets, without heads */
};

union control {
	char bytes[CMSG_SPACE(CHANNEL_FDS * sizeof(int))];
	struct cmsghdr align;
};

static bool is_late(u64 until)
{
	return until && clock_now() > until;
}

static bool send_packet(int socket, struct msghdr *packet)
{
	ssize_t sent;

	do
		sent = sendmsg(socket, packet, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent >= 0;
}

static void put_fds(struct msghdr *packet, union control *control, const struct parcel *message)
{
	struct cmsghdr *head = &control->align;

	if (!message->n_fds)
		return;
	memset(control, 0, sizeof(*control));
	packet->msg_control = control->bytes;
	packet->msg_controllen = CMSG_SPACE(message->n_fds * sizeof(int));
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(message->n_fds * sizeof(int));
	memcpy(CMSG_DATA(head), message->fds, message->n_fds * sizeof(int));
}

bool channel_send(int socket, u64 until, const struct parcel *message)
{
	struct packet_head head = {.number = message->number, .len = message->bytes.len};
	size_t first = min_u64(head.len, PACKET_BYTES), at = first;
	struct iovec parts[] = {{&head, sizeof(head)}, {message->bytes.text, first}};
	struct msghdr packet = {.msg_iov = parts, .msg_iovlen = ARRAY_LEN(parts)};
	union control control;

	put_fds(&packet, &control, message);
	if (!send_packet(socket, &packet))
		return false;
	while (at < head.len) {
		struct iovec part = {message->bytes.text + at,
				     min_u64(head.len - at, PACKET_BYTES)};
		struct msghdr next = {.msg_iov = &part, .msg_iovlen = 1};

		if (is_late(until) || !send_packet(socket, &next))
			return false;
		at += part.iov_len;
	}
	return true;
}

/* Bytes; 0: the end; negative: a failure, or a packet that was cut. */
static ssize_t receive_packet(int socket, struct msghdr *packet)
{
	ssize_t got;

	do
		got = recvmsg(socket, packet, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	return packet->msg_flags & MSG_TRUNC ? -1 : got;
}

static void take_fds(struct msghdr *packet, struct parcel *message)
{
	for (struct cmsghdr *head = CMSG_FIRSTHDR(packet); head; head = CMSG_NXTHDR(packet, head)) {
		size_t n = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
			continue;
		n = min_u64(n, CHANNEL_FDS - message->n_fds);
		memcpy(&message->fds[message->n_fds], CMSG_DATA(head), n * sizeof(int));
		message->n_fds += n;
	}
}

/* All packets but the last are full: a message has no more of them than its length needs. */
static bool receive_rest(int socket, u64 until, u64 len, u8 *buffer, struct parcel *message)
{
	while (message->bytes.len < len) {
		u64 wanted = min_u64(len - message->bytes.len, PACKET_BYTES);
		struct iovec part = {buffer, PACKET_BYTES};
		struct msghdr packet = {.msg_iov = &part, .msg_iovlen = 1};

		if (is_late(until) || receive_packet(socket, &packet) != (ssize_t)wanted)
			return false;
		strbuf_add(&message->bytes, buffer, wanted);
	}
	return true;
}

bool channel_receive(int socket, u64 until, size_t most, u32 most_fds, struct parcel *message)
{
	struct packet_head head;
	u8 buffer[PACKET_BYTES];
	union control control;
	struct iovec parts[] = {{&head, sizeof(head)}, {buffer, sizeof(buffer)}};
	struct msghdr packet = {.msg_iov = parts,
				.msg_iovlen = ARRAY_LEN(parts),
				.msg_control = control.bytes,
				.msg_controllen = sizeof(control.bytes)};
	ssize_t got = receive_packet(socket, &packet);
	bool good;

	message->n_fds = 0;
	strbuf_clear(&message->bytes);
	if (got >= 0)
		take_fds(&packet, message);
	good = got >= (ssize_t)sizeof(head) && head.len <= most && message->n_fds <= most_fds &&
	       !(packet.msg_flags & MSG_CTRUNC) &&
	       (size_t)got == sizeof(head) + min_u64(head.len, PACKET_BYTES);
	if (good) {
		message->number = head.number;
		strbuf_add(&message->bytes, buffer, (size_t)got - sizeof(head));
		good = receive_rest(socket, until, head.len, buffer, message);
	}
	if (!good)
		parcel_close_fds(message);
	return good;
}

void parcel_close_fds(struct parcel *message)
{
	while (message->n_fds)
		close(message->fds[--message->n_fds]);
}

void parcel_free(struct parcel *message)
{
	parcel_close_fds(message);
	strbuf_free(&message->bytes);
}
