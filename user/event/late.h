/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that the record doesn't have. First the bytes of mapped files that nobody can have
 * changed; then, only for a live process and marked late, its memory now. A page that isn't
 * resident is left alone: reading it could wait for a userfaultfd or a FUSE server.
 *
 * Memory is read by pages, as walking a stack asks for word after word, and each reading is a
 * request to another process. A page serves its event alone, so that what one event shows is of
 * about one time; the image keeps, and record files have, only what was asked for.
 */
#ifndef SNAPLINE_LATE_H
#define SNAPLINE_LATE_H

#include "event/event.h"

/* Puts the reader into the event's image. */
void late_attach(struct event *event, bool live);

#endif
