/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From registers and memory to frames, by call frame information (DWARF 5, section 6.4). A physical
 * frame gives one struct frame for its function and one for each inlined copy around its pc,
 * innermost first. It needs no process and no kernel.
 */
#ifndef SNAPLINE_UNWIND_H
#define SNAPLINE_UNWIND_H

#include "event/event.h"

/*
 * Fills event->frames, stack_end (why it ended; "outermost frame" is the good end) and stack_cut.
 * At most max_frames, inlined ones included. Errors are of the debug information only: memory that
 * is missing ends the stack with a reason.
 */
struct error *event_unwind(struct event *event, u32 max_frames) _must_use_;

#endif
