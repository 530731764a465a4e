/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * The gate and the limits.
 *
 * skip and sample go by the hit's number and are exact. The limit is claimed after the record has
 * its room, so that a full ring uses nothing up; with fetch-and-add the kernel stops exactly,
 * without it a few late, and user space trims.
 *
 * Expiry is asked on each hit that passed its condition, and on one hit in 64 before it, because
 * reading the clock costs a tenth of an empty program: the gate may close up to 63 rejected hits
 * late, never for a hit that would be emitted.
 *
 * The rate is a window of a second that starts with the first hit it lets through, so at --rate 1
 * two of them are always a second apart; at higher rates the pause between two bursts may be
 * shorter than a second by the length of the first. CPUs that see a window end at the same instant
 * both start one: in such a second there may be one more for each other CPU.
 */
#ifndef SNAPLINE_GATE_BPF_H
#define SNAPLINE_GATE_BPF_H

#include "hit.bpf.h"

enum { EXPIRY_MASK = 63 };
#define SECOND_NS 1000000000ull

_inline_ bool gate_expired(const struct hit *hit)
{
	if (!knob_expires || !hit->probe->expires || bpf_ktime_get_ns() < hit->probe->expires)
		return false;
	hit->probe->closed = 1;
	return true;
}

/* Counts the hit and says whether it may go on. */
_inline_ bool gate_open(struct hit *hit)
{
	hit->number = fetch_and_increment(&hit->probe->hits) + 1;
	if (hit->probe->closed)
		return false;
	if (knob_skip && hit->number <= knob_skip)
		return false;
	if (knob_sample > 1 && (hit->number - knob_skip - 1) % knob_sample)
		return false;
	return (hit->number & EXPIRY_MASK) || !gate_expired(hit);
}

_inline_ bool gate_rate(struct hit *hit)
{
	struct probe_state *probe = hit->probe;

	if (!knob_rate)
		return true;
	hit->time = bpf_ktime_get_ns();
	if (hit->time - probe->window_start >= SECOND_NS) {
		probe->window_start = hit->time;
		probe->window_count = 0;
	}
	return fetch_and_increment(&probe->window_count) < knob_rate;
}

/* The last question: is there one left under the limit? */
_inline_ bool gate_claim(const struct hit *hit)
{
	u64 before;

	if (!knob_limit)
		return true;
	before = fetch_and_increment(&hit->probe->claimed);
	if (before + 1 >= knob_limit)
		hit->probe->closed = 1;
	return before < knob_limit;
}

#endif
