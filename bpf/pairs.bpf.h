/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* What both ways to make pairs share: where they are counted, and their histograms. */
#ifndef SNAPLINE_PAIRS_BPF_H
#define SNAPLINE_PAIRS_BPF_H

#include "gate.bpf.h"
#include "histogram.bpf.h"
#include "tictoc_maps.bpf.h"

_inline_ int count(enum tictoc_class class)
{
	u32 zero = 0;
	struct tictoc_counts *mine = bpf_map_lookup_elem(&tictoc_counts, &zero);

	if (mine)
		__sync_fetch_and_add(&mine->n[class], 1);
	return 0;
}

/* At TOC the probe is PROBE_TOC; pairs are those of the tics. */
_inline_ int count_pair(enum hit_class class)
{
	u32 probe = PROBE_TIC;
	struct probe_counts *mine = bpf_map_lookup_elem(&counts, &probe);

	if (mine)
		__sync_fetch_and_add(&mine->hits[class], 1);
	return 0;
}

_inline_ bool claim_pair(void)
{
	u32 probe = PROBE_TIC;
	struct hit first = {};

	if (!knob_limit)
		return true;
	first.probe = bpf_map_lookup_elem(&probes, &probe);
	return first.probe && gate_claim(&first);
}

_inline_ void add_time(u32 row, u64 elapsed)
{
	u32 index = row * knob_stripes + (bpf_get_smp_processor_id() & (knob_stripes - 1));
	struct histogram_cells *cells = bpf_map_lookup_elem(&histograms, &index);

	if (cells)
		histogram_add(cells, elapsed);
}

#endif
