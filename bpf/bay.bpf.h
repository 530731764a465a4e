/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * The patch bays (include/bay.h) and the two patched instructions.
 *
 * A bay is a whole subprogram: marker, BAY_INSNS times `goto +0`, r0 = 0, exit. The loader puts the
 * generated code at its end, so that the code's last exit is the function's own and the no-ops left
 * over are run into from the front: the verifier refuses what can't be reached, and removes each
 * `goto +0`. An unpatched bay answers 0. Arguments are bound to r1, r2, r3 by register variables; a
 * naked function would lose their names, and the kernel its BTF.
 */
#ifndef SNAPLINE_BAY_BPF_H
#define SNAPLINE_BAY_BPF_H

#include "maps.bpf.h"

/* A program that has no use for one leaves it out. */
#define _bay_ static __attribute__((noinline, unused))
#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)
#define BAY_MARKER(number) "0x534e41590000000" #number " ll\n"
_Static_assert(BAY_MAGIC == 0x534e4159, "BAY_MARKER spells it out");
_Static_assert(BAY_INSNS == 2048, "the bays spell it out");

_bay_ u64 bay_condition(struct pt_regs *ctx, const struct bay_env *env)
{
	register struct pt_regs *r1 asm("r1") = ctx;
	register const struct bay_env *r2 asm("r2") = env;
	register u64 r0 asm("r0");

	asm volatile("r0 = " BAY_MARKER(1) ".rept 2048\ngoto +0\n.endr\nr0 = 0\n"
		     : "=r"(r0), "+r"(r1), "+r"(r2)
		     :
		     : "r3", "r4", "r5", "memory");
	return r0;
}

_bay_ u64 bay_roots(struct pt_regs *ctx, const struct bay_env *env,
					       struct bay_root *roots)
{
	register struct pt_regs *r1 asm("r1") = ctx;
	register const struct bay_env *r2 asm("r2") = env;
	register struct bay_root *r3 asm("r3") = roots;
	register u64 r0 asm("r0");

	asm volatile("r0 = " BAY_MARKER(2) ".rept 2048\ngoto +0\n.endr\nr0 = 0\n"
		     : "=r"(r0), "+r"(r1), "+r"(r2), "+r"(r3)
		     :
		     : "r4", "r5", "memory");
	return r0;
}

_bay_ u64 bay_values(struct pt_regs *ctx, const struct bay_env *env,
						struct bay_value *values)
{
	register struct pt_regs *r1 asm("r1") = ctx;
	register const struct bay_env *r2 asm("r2") = env;
	register struct bay_value *r3 asm("r3") = values;
	register u64 r0 asm("r0");

	asm volatile("r0 = " BAY_MARKER(5) ".rept 2048\ngoto +0\n.endr\nr0 = 0\n"
		     : "=r"(r0), "+r"(r1), "+r"(r2), "+r"(r3)
		     :
		     : "r4", "r5", "memory");
	return r0;
}

/* The word in which this program differs from the others of the session. */
_inline_ u64 program_word(void)
{
	u64 word;

	asm volatile("%0 = " BAY_MARKER(3) : "=r"(word));
	return word;
}

/*
 * Adds 1 and returns what was there before. Without fetch-and-add (before 5.12) it returns what was
 * there a moment earlier: two CPUs may then see the same number, and a limit lets a few too many
 * through, never too few.
 */
_inline_ u64 fetch_and_increment(u64 *counter)
{
	u64 earlier = *(volatile u64 *)counter, before, marker;

	asm volatile("%[marker] = " BAY_MARKER(4) "%[before] = 1\n"
		     "lock *(u64 *)(%[counter] + 0) += %[before]\n"
		     : [before] "=&r"(before), [marker] "=&r"(marker)
		     : [counter] "r"(counter)
		     : "memory");
	/* The loader puts 1 in the marker's place where it made the add a fetch-and-add, else 0. */
	return marker ? before : earlier;
}

#endif
