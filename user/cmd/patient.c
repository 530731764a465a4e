/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/patient.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

enum { BUFFER_BYTES = 256 * 1024 }; /* log lines go out in large pieces */

/* A disk has no reader that stops. */
static bool can_wait(int fd)
{
	struct stat info;

	return fstat(fd, &info) == 0 && !S_ISREG(info.st_mode);
}

/* What isn't ready is waited for; what went wrong the write will tell. */
static void await_room(const struct patient *patient)
{
	struct pollfd out = {.fd = patient->fd, .events = POLLOUT};

	while (patient->meanwhile && poll(&out, 1, PATIENT_STEP_MS) <= 0)
		patient->meanwhile(patient->context);
}

/* A pipe that is ready takes PIPE_BUF bytes without waiting (pipe(7)), and nothing says more. */
static ssize_t put(void *cookie, const char *bytes, size_t len)
{
	const struct patient *patient = cookie;
	size_t done = 0;

	while (done < len) {
		ssize_t n;

		if (patient->can_wait)
			await_room(patient);
		n = write(patient->fd, bytes + done,
			  patient->can_wait ? min_u64(len - done, PIPE_BUF) : len - done);
		if (n < 0 && errno != EINTR)
			return (ssize_t)done;
		done += n > 0 ? (size_t)n : 0;
	}
	return (ssize_t)done;
}

FILE *patient_open(struct patient *patient)
{
	FILE *stream = fopencookie(patient, "w", (cookie_io_functions_t){.write = put});

	if (!stream)
		error_no_memory();
	patient->can_wait = can_wait(patient->fd);
	setvbuf(stream, NULL, _IOFBF, BUFFER_BYTES);
	return stream;
}
