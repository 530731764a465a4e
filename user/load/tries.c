/* SPDX-License-Identifier: BSD-2-Clause */
#include "load/tries.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <linux/bpf.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#define INSN(op, dst, src, offset, value)                                                         \
	{                                                                                         \
		.code = (op), .dst_reg = (dst), .src_reg = (src), .off = (offset), .imm = (value) \
	}
#define MOV_IMM(dst, value) INSN(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, value)
#define EXIT INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

static int load(const struct bpf_insn *insns, size_t n, u32 flags)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .prog_flags = flags);
	int fd = bpf_prog_load(BPF_PROG_TYPE_KPROBE, "snapline_try", "Dual BSD/GPL", insns, n,
			       &opts);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

int try_load(void)
{
	const struct bpf_insn insns[] = {MOV_IMM(BPF_REG_0, 0), EXIT};

	return load(insns, ARRAY_LEN(insns), 0);
}

bool try_fetch_add(void)
{
	const struct bpf_insn insns[] = {
		INSN(BPF_ST | BPF_MEM | BPF_DW, BPF_REG_10, 0, -8, 0),
		MOV_IMM(BPF_REG_0, 1),
		/* BPF_ATOMIC, with BPF_FETCH */
		INSN(BPF_STX | BPF_XADD | BPF_DW, BPF_REG_10, BPF_REG_0, -8, BPF_ADD | 1),
		EXIT,
	};

	return !load(insns, ARRAY_LEN(insns), 0);
}

bool try_signed_division(void)
{
	const struct bpf_insn insns[] = {
		MOV_IMM(BPF_REG_0, 6),
		MOV_IMM(BPF_REG_1, -2),
		INSN(BPF_ALU64 | BPF_DIV | BPF_X, BPF_REG_0, BPF_REG_1, 1, 0),
		EXIT,
	};

	return !load(insns, ARRAY_LEN(insns), 0);
}

bool try_sleepable(void)
{
	const struct bpf_insn insns[] = {MOV_IMM(BPF_REG_0, 0), EXIT};

	return !load(insns, ARRAY_LEN(insns), BPF_F_SLEEPABLE) && try_loop() &&
	       libbpf_probe_bpf_helper(BPF_PROG_TYPE_KPROBE, BPF_FUNC_find_vma, NULL) > 0;
}

bool try_bounded_loop(void)
{
	const struct bpf_insn insns[] = {
		MOV_IMM(BPF_REG_0, 0),
		INSN(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_0, 0, 0, 1),
		INSN(BPF_JMP | BPF_JLT | BPF_K, BPF_REG_0, 0, -2, 4),
		EXIT,
	};

	return !load(insns, ARRAY_LEN(insns), 0);
}

bool try_loop(void)
{
	return libbpf_probe_bpf_helper(BPF_PROG_TYPE_KPROBE, BPF_FUNC_loop, NULL) > 0;
}

bool try_task_btf(void)
{
	return libbpf_probe_bpf_helper(BPF_PROG_TYPE_KPROBE, BPF_FUNC_get_current_task_btf, NULL) >
	       0;
}

bool try_cookie(void)
{
	return libbpf_probe_bpf_helper(BPF_PROG_TYPE_KPROBE, BPF_FUNC_get_attach_cookie, NULL) > 0;
}

/* Told by the kernel's own types: the change that made the count readable for these programs came
 * with the member `missed` of perf links (6.7, include/uapi/linux/bpf.h). */
bool try_misses(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	bool found = false;

	if (libbpf_get_error(btf))
		return false;
	for (u32 id = 1; id < btf__type_cnt(btf) && !found; id++) {
		const struct btf_type *type = btf__type_by_id(btf, id);

		/* The anonymous struct of struct bpf_link_info's perf_event.kprobe. */
		if (!btf_is_struct(type) || type->name_off || btf_vlen(type) < 4)
			continue;
		const struct btf_member *members = btf_members(type);
		const char *first = btf__name_by_offset(btf, members[0].name_off);
		const char *last = btf__name_by_offset(btf, members[btf_vlen(type) - 1].name_off);

		found = !strcmp(first, "func_name") &&
			(!strcmp(last, "missed") || !strcmp(last, "cookie"));
	}
	btf__free(btf);
	return found;
}

s32 try_kernel_function(const char *name)
{
	struct btf *btf = btf__load_vmlinux_btf();
	s32 id;

	if (libbpf_get_error(btf))
		return 0;
	id = btf__find_by_name_kind(btf, name, BTF_KIND_FUNC);
	btf__free(btf);
	return id > 0 ? id : 0;
}

bool try_ring_buffer(void)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "snapline_try", 0, 0, getpagesize(), NULL);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

int try_load_counter(const struct bpf_insn *element, size_t n, u32 attach_type, int map)
{
	const struct bpf_insn add[] = {
		INSN(BPF_STX | BPF_MEM | BPF_W, BPF_REG_10, BPF_REG_0, -4, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_2, BPF_REG_10, 0, 0),
		INSN(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_2, 0, 0, -4),
		INSN(BPF_LD | BPF_IMM | BPF_DW, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0, map),
		{},
		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem),
		INSN(BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, 2, 0),
		MOV_IMM(BPF_REG_1, 1),
		INSN(BPF_STX | BPF_XADD | BPF_DW, BPF_REG_0, BPF_REG_1, 0, 0),
		MOV_IMM(BPF_REG_0, 0),
		EXIT,
	};
	struct bpf_insn insns[ARRAY_LEN(add) + 4];
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = attach_type);

	if (n > ARRAY_LEN(insns) - ARRAY_LEN(add))
		return -E2BIG;
	memcpy(insns, element, n * sizeof(*element));
	memcpy(insns + n, add, sizeof(add));
	return bpf_prog_load(BPF_PROG_TYPE_KPROBE, "snapline_try", "Dual BSD/GPL", insns,
			     n + ARRAY_LEN(add), &opts);
}
