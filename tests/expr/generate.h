/* SPDX-License-Identifier: BSD-2-Clause */
/* Random expressions over struct world, as snapline reads them and as oracle.h does. */
#ifndef SNAPLINE_TESTS_GENERATE_H
#define SNAPLINE_TESTS_GENERATE_H

#include "base/strbuf.h"
#include "world.h"

struct generator {
	u64 state;
	struct strbuf ours, oracle;
};

u64 generate_random(struct generator *generator);
unsigned generate_below(struct generator *generator, unsigned n);
/* One more expression of any scalar type but floating point. */
void generate_expression(struct generator *generator, unsigned depth);
/* Random content, of which what the locations say of each other holds. */
void generate_world(struct generator *generator, struct world *world);

#endif
