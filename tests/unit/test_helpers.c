/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What runs in the kernel reads and counts, and nothing else: no helper of the shipped objects, and
 * none that generated code can call, writes to a program, signals it or overrides what it does.
 */
#include "unit.h"

#include <bpf/libbpf.h>
#include <gelf.h>
#include <linux/bpf.h>

#include "gen/asm.h"
#include "load/object.h"

/* The whole list. One more is one line here, with what it does to the program: nothing. */
static const s32 allowed[] = {
	BPF_FUNC_map_lookup_elem,
	BPF_FUNC_map_update_elem,
	BPF_FUNC_map_delete_elem,
	BPF_FUNC_ktime_get_ns,
	BPF_FUNC_get_smp_processor_id,
	BPF_FUNC_get_current_pid_tgid,
	BPF_FUNC_get_current_comm,
	BPF_FUNC_get_current_task,
	BPF_FUNC_probe_read_user,
	BPF_FUNC_probe_read_kernel,
	BPF_FUNC_probe_read_user_str,
	BPF_FUNC_probe_read_kernel_str,
	BPF_FUNC_ktime_get_boot_ns,
	BPF_FUNC_ringbuf_reserve,
	BPF_FUNC_ringbuf_query,
	BPF_FUNC_ringbuf_submit,
	BPF_FUNC_ringbuf_discard,
	BPF_FUNC_copy_from_user, /* reads; where it may wait is decided by find_vma */
	BPF_FUNC_get_current_task_btf,
	BPF_FUNC_get_attach_cookie,
	BPF_FUNC_find_vma,
	BPF_FUNC_loop,
};

static bool is_allowed(s32 helper)
{
	for (size_t i = 0; i < ARRAY_LEN(allowed); i++)
		if (allowed[i] == helper)
			return true;
	return false;
}

/* The calls of a section of instructions. */
static size_t check_calls(const struct bpf_insn *insns, size_t n, const char *section)
{
	size_t calls = 0;

	for (size_t i = 0; i < n; i++) {
		if (insns[i].code == (BPF_LD | BPF_IMM | BPF_DW)) {
			i++; /* the second half of a constant */
			continue;
		}
		if (insns[i].code != (BPF_JMP | BPF_CALL) || insns[i].src_reg == BPF_PSEUDO_CALL)
			continue;
		calls++;
		/* Never made (bpf/own_stack.bpf.h): there is nothing to be called. */
		if (insns[i].src_reg == 0 && insns[i].imm == BPF_FUNC_tail_call)
			continue;
		if (insns[i].src_reg != 0 || !is_allowed(insns[i].imm))
			fail_msg("%s calls %s %d", section,
				 insns[i].src_reg ? "kernel function" : "helper", insns[i].imm);
	}
	return calls;
}

static size_t check_object(enum load_instrument instrument)
{
	size_t len, calls = 0, names;
	const void *bytes = object_instrument(instrument)->bytes(&len);
	Elf *elf = elf_memory((char *)bytes, len);
	Elf_Scn *section = NULL;

	assert_non_null(elf);
	assert_int_equal(elf_getshdrstrndx(elf, &names), 0);
	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr header;
		Elf_Data *data;

		assert_non_null(gelf_getshdr(section, &header));
		if (!(header.sh_flags & SHF_EXECINSTR) || !header.sh_size)
			continue;
		data = elf_rawdata(section, NULL);
		assert_non_null(data);
		assert_int_equal(data->d_size % sizeof(struct bpf_insn), 0);
		calls += check_calls(data->d_buf, data->d_size / sizeof(struct bpf_insn),
				     elf_strptr(elf, names, header.sh_name));
	}
	elf_end(elf);
	return calls;
}

static void test_shipped_objects(void **state)
{
	elf_version(EV_CURRENT);
	for (int i = LOAD_SNAP; i <= LOAD_TICTOC; i++)
		assert_true(check_object(i) > 100); /* that it looked at the code at all */
}

/* A tail call goes to a program in a map of programs. */
static void test_no_map_of_programs(void **state)
{
	for (int i = LOAD_SNAP; i <= LOAD_TICTOC; i++) {
		struct bpf_object *object;
		struct bpf_map *map;
		size_t n = 0;

		assert_null(object_open(i, &object));
		bpf_object__for_each_map(map, object)
		{
			assert_int_not_equal(bpf_map__type(map), BPF_MAP_TYPE_PROG_ARRAY);
			n++;
		}
		assert_true(n > 3);
		bpf_object__close(object);
	}
}

/* The list above holds none of those, by their numbers in include/uapi/linux/bpf.h. */
static void test_the_list(void **state)
{
	static const s32 harmful[] = {
		BPF_FUNC_probe_write_user, BPF_FUNC_send_signal,  BPF_FUNC_send_signal_thread,
		BPF_FUNC_override_return,  BPF_FUNC_trace_printk, BPF_FUNC_sys_bpf,
		BPF_FUNC_tail_call,
	};

	for (size_t i = 0; i < ARRAY_LEN(harmful); i++)
		assert_false(is_allowed(harmful[i]));
}

/* Whatever the compiler is asked to call, only what reads comes out. */
static void test_generated_code(void **state)
{
	size_t taken = 0;

	for (s32 helper = -1; helper < 1000; helper++) {
		struct arena *arena = arena_new();
		struct assembler as;

		asm_init(&as, 16, arena);
		asm_call(&as, helper);
		asm_alu_imm(&as, BPF_MOV, BPF_REG_0, 0);
		asm_exit(&as);
		if (!asm_finish(&as)) {
			taken++;
			assert_true(helper == BPF_FUNC_probe_read_user ||
				    helper == BPF_FUNC_probe_read_user_str);
		}
		arena_free(arena);
	}
	assert_int_equal(taken, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shipped_objects),
		cmocka_unit_test(test_no_map_of_programs),
		cmocka_unit_test(test_the_list),
		cmocka_unit_test(test_generated_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
