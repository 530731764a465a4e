/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stream whose reader may stop: a pager, a terminal after Ctrl-S, a pipe that is full. Probes
 * cost their program time meanwhile, so while it waits it calls what has to go on.
 */
#ifndef SNAPLINE_PATIENT_H
#define SNAPLINE_PATIENT_H

#include <stdio.h>

#include "base/base.h"

struct patient {
	int fd;				  /* is not closed with the stream */
	void (*meanwhile)(void *context); /* every PATIENT_STEP_MS of waiting; NULL: nothing */
	void *context;
	bool can_wait; /* set by patient_open() */
};

enum { PATIENT_STEP_MS = 100 };

/* The caller closes it before `patient` ends. Its fileno() is -1. */
FILE *patient_open(struct patient *patient);

#endif
