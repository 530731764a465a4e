/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages with file descriptors between two processes, over a pair of SOCK_SEQPACKET sockets. A
 * message is a number, bytes, and up to CHANNEL_FDS descriptors; longer ones go in several packets.
 * What is received is bounded by the receiver, whatever the other side says.
 */
#ifndef SNAPLINE_CHANNEL_H
#define SNAPLINE_CHANNEL_H

#include "base/strbuf.h"

enum { CHANNEL_FDS = 64 };

struct parcel {
	u32 number; /* what is asked, or how it went */
	struct strbuf bytes;
	int fds[CHANNEL_FDS];
	u32 n_fds;
};

/*
 * until (CLOCK_MONOTONIC, 0: for ever): a message that isn't whole by then has failed, however
 * lively the other side is; between packets the socket's own time limits count (SO_RCVTIMEO,
 * SO_SNDTIMEO). False: the other side is gone, or doesn't take it in time. The descriptors stay the
 * caller's.
 */
bool channel_send(int socket, u64 until, const struct parcel *message);
/*
 * Replaces what *message holds; the descriptors are the caller's then. False: the other side is
 * gone, or what came is not a message of at most `most` bytes and most_fds descriptors.
 */
bool channel_receive(int socket, u64 until, size_t most, u32 most_fds, struct parcel *message);
void parcel_close_fds(struct parcel *message);
void parcel_free(struct parcel *message); /* also for _cleanup_(); closes descriptors */

#endif
