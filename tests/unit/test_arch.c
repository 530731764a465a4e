/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

#include "arch/arch.h"

static const struct arch *x86(void)
{
	return arch_by_machine(EM_X86_64);
}

/* Decodes "55 89 e5 ..." at address. */
static struct insn decode_at(const char *hex, u64 address)
{
	u8 bytes[16];
	size_t n = 0;
	unsigned byte;
	int used;
	struct insn insn;

	while (n < sizeof(bytes) && sscanf(hex, "%2x %n", &byte, &used) == 1) {
		bytes[n++] = byte;
		hex += used;
	}
	assert_true(x86()->decode(bytes, n, address, &insn));
	assert_int_equal(insn.len, n);
	assert_int_equal(insn.address, address);
	return insn;
}

static struct insn decode(const char *hex)
{
	return decode_at(hex, 0x1000);
}

enum { AX, DX, CX, BX, SI, DI, BP, SP, R8 };
#define BIT(r) (1u << (r))

enum effect { NONE, WRITES = 1, FAULTS = 2, NOP = 4 };

static const struct {
	const char *hex;
	const char *text;
	enum insn_cost cost;
	enum insn_flow flow;
	unsigned effects;
	u32 written, read;
} cases[] = {
	{"90", "nop", INSN_EMULATED, FLOW_NEXT, NOP, 0, 0},
	{"66 90", "nop (2 bytes)", INSN_EMULATED, FLOW_NEXT, NOP, 0, 0},
	{"0f 1f 00", "nop (3 bytes)", INSN_SINGLE_STEP, FLOW_NEXT, NOP, 0, 0},
	{"0f 1f 44 00 00", "nop (5 bytes)", INSN_REFUSED, FLOW_NEXT, NOP, 0, 0},
	{"66 66 66 66 90", "nop (5 bytes)", INSN_REFUSED, FLOW_NEXT, NOP, 0, 0},
	{"0f 1f 80 00 00 00 00", "nop (7 bytes)", INSN_SINGLE_STEP, FLOW_NEXT, NOP, 0, 0},
	{"e9 00 00 00 00", "jmp 0x1005", INSN_REFUSED, FLOW_JUMP, 0, 0, 0},
	{"48 8d 64 24 00", "lea (%rsp), %rsp", INSN_REFUSED, FLOW_NEXT, 0, BIT(SP), BIT(SP)},
	{"48 8d 44 24 00", "lea (%rsp), %rax", INSN_SINGLE_STEP, FLOW_NEXT, 0, BIT(AX), BIT(SP)},
	{"f3 90", "pause", INSN_SINGLE_STEP, FLOW_NEXT, 0, 0, 0},
	{"49 90", "xchg %rax, %r8", INSN_REFUSED, FLOW_NEXT, 0, BIT(AX) | BIT(R8),
	 BIT(AX) | BIT(R8)},
	{"f3 0f 1e fa", "endbr64", INSN_SINGLE_STEP, FLOW_NEXT, 0, 0, 0},
	{"55", "push %rbp", INSN_EMULATED, FLOW_NEXT, WRITES, BIT(SP), BIT(SP) | BIT(BP)},
	{"41 57", "push %r15", INSN_EMULATED, FLOW_NEXT, WRITES, BIT(SP), BIT(SP) | BIT(15)},
	{"48 55", "push %rbp", INSN_SINGLE_STEP, FLOW_NEXT, WRITES, BIT(SP), BIT(SP) | BIT(BP)},
	{"6a 05", "push $0x05", INSN_SINGLE_STEP, FLOW_NEXT, WRITES, BIT(SP), BIT(SP)},
	{"5d", "pop %rbp", INSN_SINGLE_STEP, FLOW_NEXT, 0, BIT(SP) | BIT(BP), BIT(SP)},
	{"e8 10 00 00 00", "call 0x1015", INSN_EMULATED, FLOW_CALL, 0, BIT(SP), BIT(SP)},
	{"66 48 e8 10 00 00 00", NULL, INSN_REFUSED, FLOW_CALL, 0, BIT(SP), BIT(SP)},
	{"ff d0", "call %rax", INSN_SINGLE_STEP, FLOW_CALL_INDIRECT, 0, BIT(SP), BIT(SP) | BIT(AX)},
	{"eb fe", "jmp 0x1000", INSN_EMULATED, FLOW_JUMP, 0, 0, 0},
	{"e9 00 01 00 00", "jmp 0x1105", INSN_EMULATED, FLOW_JUMP, 0, 0, 0},
	{"74 10", "jz 0x1012", INSN_EMULATED, FLOW_BRANCH, 0, 0, 0},
	{"0f 8f 00 01 00 00", "jnle 0x1106", INSN_EMULATED, FLOW_BRANCH, 0, 0, 0},
	{"e3 10", "jrcxz 0x1012", INSN_SINGLE_STEP, FLOW_BRANCH, 0, 0, BIT(CX)},
	{"ff e0", "jmp %rax", INSN_SINGLE_STEP, FLOW_JUMP_INDIRECT, 0, 0, BIT(AX)},
	{"3e ff e0", "notrack jmp %rax", INSN_REFUSED, FLOW_JUMP_INDIRECT, 0, 0, BIT(AX)},
	{"c3", "ret", INSN_SINGLE_STEP, FLOW_RETURN, 0, BIT(SP), BIT(SP)},
	{"f3 c3", NULL, INSN_SINGLE_STEP, FLOW_RETURN, 0, BIT(SP), BIT(SP)},
	{"0f 0b", "ud2", INSN_SINGLE_STEP, FLOW_STOP, 0, 0, 0},
	{"f4", "hlt", INSN_REFUSED, FLOW_STOP, WRITES | FAULTS, 0, 0},
	{"cc", "int3", INSN_REFUSED, FLOW_STOP, WRITES | FAULTS, 0, 0},
	{"0f 05", "syscall", INSN_REFUSED, FLOW_NEXT, WRITES | FAULTS, BIT(CX) | BIT(11), 0},
	{"f0 ff 00", "lock inc (%rax)", INSN_REFUSED, FLOW_NEXT, WRITES | FAULTS, 0, BIT(AX)},
	{"48 89 e5", "mov %rsp, %rbp", INSN_SINGLE_STEP, FLOW_NEXT, 0, BIT(BP), BIT(SP)},
	{"48 89 45 f8", "mov %rax, -0x08(%rbp)", INSN_SINGLE_STEP, FLOW_NEXT, WRITES | FAULTS, 0,
	 BIT(AX) | BIT(BP)},
	{"48 8b 44 24 08", "mov 0x08(%rsp), %rax", INSN_SINGLE_STEP, FLOW_NEXT, 0, BIT(AX),
	 BIT(SP)},
	{"48 8b 04 37", "mov (%rdi,%rsi,1), %rax", INSN_SINGLE_STEP, FLOW_NEXT, FAULTS, BIT(AX),
	 BIT(DI) | BIT(SI)},
	{"8d 04 37", "lea (%rdi,%rsi,1), %eax", INSN_SINGLE_STEP, FLOW_NEXT, 0, BIT(AX),
	 BIT(DI) | BIT(SI)},
	{"f7 f9", "idiv %ecx", INSN_SINGLE_STEP, FLOW_NEXT, FAULTS, BIT(AX) | BIT(DX),
	 BIT(AX) | BIT(DX) | BIT(CX)},
	{"64 48 8b 04 25 28 00 00 00", NULL, INSN_SINGLE_STEP, FLOW_NEXT, FAULTS, BIT(AX), 0},
	{"84 e4", "test %ah, %ah", INSN_SINGLE_STEP, FLOW_NEXT, 0, 0, BIT(AX)},
	{"0f 28 c1", "movaps %xmm1, %xmm0", INSN_SINGLE_STEP, FLOW_NEXT, 0, BIT(17), BIT(18)},
	{"0f 28 04 24", "movaps (%rsp), %xmm0", INSN_SINGLE_STEP, FLOW_NEXT, FAULTS, BIT(17),
	 BIT(SP)},
	{"c5 f9 6f 07", NULL, INSN_REFUSED, FLOW_NEXT, FAULTS, BIT(17), BIT(DI)},
	{"c5 f8 77", "vzeroupper", INSN_SINGLE_STEP, FLOW_NEXT, 0, 0, 0},
	{"8e d0", NULL, INSN_REFUSED, FLOW_NEXT, 0, 0, BIT(AX)},
	{"cd 80", NULL, INSN_REFUSED, FLOW_NEXT, WRITES | FAULTS, 0, 0},
	{"48 cf", NULL, INSN_REFUSED, FLOW_RETURN, FAULTS, BIT(SP), BIT(SP)},
	{"f2 ae", NULL, INSN_REFUSED, FLOW_NEXT, FAULTS, BIT(CX) | BIT(DI),
	 BIT(AX) | BIT(CX) | BIT(DI)},
	{"48 ab", NULL, INSN_SINGLE_STEP, FLOW_NEXT, WRITES | FAULTS, BIT(DI), BIT(AX) | BIT(DI)},
	{"f3 48 a5", NULL, INSN_REFUSED, FLOW_NEXT, WRITES | FAULTS, BIT(CX) | BIT(SI) | BIT(DI),
	 BIT(CX) | BIT(SI) | BIT(DI)},
};

static void test_fields(void **state)
{
	int wrong = 0;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct insn insn = decode(cases[i].hex);
		unsigned effects = (insn.writes_memory ? WRITES : 0) |
				   (insn.may_fault ? FAULTS : 0) | (insn.is_nop ? NOP : 0);

		if (insn.cost != cases[i].cost || insn.flow != cases[i].flow ||
		    effects != cases[i].effects || insn.regs_written != cases[i].written ||
		    insn.regs_read != cases[i].read ||
		    (cases[i].text && strcmp(insn.text, cases[i].text)))
			wrong++, print_error("%s: \"%s\" cost %d flow %d effects %u written %#x "
					     "read %#x\n",
					     cases[i].hex, insn.text, insn.cost, insn.flow, effects,
					     insn.regs_written, insn.regs_read);
		assert_int_equal(insn.hazard != NULL, insn.cost == INSN_REFUSED);
	}
	assert_int_equal(wrong, 0);
}

static void test_targets(void **state)
{
	assert_int_equal(decode_at("e8 fb ff ff ff", 0x2000).target, 0x2000);
	assert_int_equal(decode_at("eb 80", 0x2000).target, 0x1f82);
	assert_int_equal(decode_at("0f 84 00 00 00 80", 0x80001000).target, 0x1006);
	assert_int_equal(decode_at("ff 25 00 00 00 00", 0x2000).target, 0);
}

static void test_fault_base(void **state)
{
	assert_int_equal(decode("48 8b 45 f8").fault_base, BP);	      /* mov -8(%rbp),%rax */
	assert_int_equal(decode("48 8b 44 05 f8").fault_base, -1);    /* mov -8(%rbp,%rax),%rax */
	assert_int_equal(decode("48 f7 7d f8").fault_base, -1);	      /* idivq -8(%rbp) */
	assert_int_equal(decode("0f 28 45 f0").fault_base, -1);	      /* movaps -16(%rbp),%xmm0 */
	assert_int_equal(decode("8b 05 00 10 00 00").fault_base, -1); /* mov 0x1000(%rip),%eax */
	assert_int_equal(decode("a4").fault_base, -1);		      /* movsb */
}

static void test_memory_operand(void **state)
{
	struct insn insn = decode("48 8d 15 00 01 00 00"); /* lea 0x100(%rip),%rdx */

	assert_true(insn.memory.present && insn.memory.pc_relative);
	assert_int_equal(insn.memory.size, 0);
	assert_int_equal(insn.memory.disp, 0x1107);
	insn = decode("48 63 04 82"); /* movslq (%rdx,%rax,4),%rax */
	assert_int_equal(insn.memory.base, DX);
	assert_int_equal(insn.memory.index, AX);
	assert_int_equal(insn.memory.scale, 4);
	assert_int_equal(insn.memory.size, 4);
	insn = decode("ff 24 c5 00 20 40 00"); /* jmp *0x402000(,%rax,8) */
	assert_int_equal(insn.memory.base, -1);
	assert_int_equal(insn.memory.disp, 0x402000);
	assert_int_equal(insn.memory.size, 8);
	assert_false(decode("55").memory.present);
	assert_int_equal(decode("bf 34 12 40 00").immediate, 0x401234);
}

static void test_what_is_no_instruction(void **state)
{
	static const u8 bad[] = {0x06}, cut[] = {0xe8, 0, 0};
	struct insn insn;

	assert_false(x86()->decode(bad, sizeof(bad), 0, &insn));
	assert_false(x86()->decode(cut, sizeof(cut), 0, &insn));
	assert_false(x86()->decode(cut, 0, 0, &insn));
}

static void test_register_names(void **state)
{
	static const struct {
		const char *name;
		u8 slot, size, shift;
	} expected[] = {
		{"rax", 10, 8, 0}, {"eax", 10, 4, 0}, {"ax", 10, 2, 0},	 {"al", 10, 1, 0},
		{"ah", 10, 1, 8},  {"rdi", 14, 8, 0}, {"r15", 0, 8, 0},	 {"r8d", 9, 4, 0},
		{"r10w", 7, 2, 0}, {"rip", 16, 8, 0}, {"rsp", 19, 8, 0}, {"eflags", 18, 4, 0},
		{"bpl", 4, 1, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		const struct arch_reg_name *name = arch_reg_by_name(x86(), expected[i].name);

		assert_non_null(name);
		assert_int_equal(name->slot, expected[i].slot);
		assert_int_equal(name->size, expected[i].size);
		assert_int_equal(name->shift, expected[i].shift);
	}
	assert_null(arch_reg_by_name(x86(), "xmm0"));
	assert_null(arch_reg_by_name(x86(), ""));
	for (size_t i = 0; i < x86()->n_names; i++)
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(x86()->names[i].name, x86()->names[j].name);
}

static void test_dwarf_numbers(void **state)
{
	static const char *const order[] = {"rax", "rdx", "rcx", "rbx", "rsi", "rdi",
					    "rbp", "rsp", "r8",	 "r9",	"r10", "r11",
					    "r12", "r13", "r14", "r15", "rip"};
	const struct arch *arch = x86();

	assert_int_equal(arch->n_dwarf_regs, ARRAY_LEN(order));
	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		assert_int_equal(arch->dwarf_slot[i], arch_reg_by_name(arch, order[i])->slot);
	for (size_t i = ARRAY_LEN(order); i < ARCH_MAX_DWARF_REGS; i++)
		assert_int_equal(arch->dwarf_slot[i], -1);
	assert_string_equal(arch->dwarf_name(17), "xmm0");
	assert_string_equal(arch->dwarf_name(33), "st0");
	assert_null(arch->dwarf_name(100000));
	assert_int_equal(arch->pc_slot, arch->dwarf_slot[arch->dwarf_pc]);
	assert_int_equal(arch->sp_slot, arch->dwarf_slot[arch->dwarf_sp]);
	assert_int_equal(arch->n_slots, 21);
	assert_int_equal(arch->callee_saved, 0xf0c8);
}

static void test_tables_are_sound(void **state)
{
	static const u16 machines[] = {EM_X86_64, EM_AARCH64};

	for (size_t m = 0; m < ARRAY_LEN(machines); m++) {
		const struct arch *arch = arch_by_machine(machines[m]);

		assert_true(arch->n_slots <= ARCH_MAX_SLOTS);
		assert_true(arch->n_dwarf_regs <= ARCH_MAX_DWARF_REGS);
		for (size_t i = 0; i < arch->n_names; i++)
			assert_true(arch->names[i].slot < arch->n_slots);
		for (size_t i = 0; i < arch->n_dwarf_regs; i++)
			assert_true(arch->dwarf_slot[i] < arch->n_slots);
	}
	assert_null(arch_by_machine(EM_386));
	assert_non_null(arch_native());
}

static struct insn decode_arm64(u32 word, u64 address)
{
	u8 bytes[4] = {word, word >> 8, word >> 16, word >> 24};
	struct insn insn;

	assert_true(arch_by_machine(EM_AARCH64)->decode(bytes, sizeof(bytes), address, &insn));
	assert_int_equal(insn.len, 4);
	return insn;
}

static void test_arm64(void **state)
{
	struct insn insn = decode_arm64(0x97ffffff, 0x1000); /* bl 0xffc */

	assert_int_equal(insn.flow, FLOW_CALL);
	assert_int_equal(insn.target, 0xffc);
	assert_int_equal(insn.cost, INSN_EMULATED);
	assert_int_equal(decode_arm64(0x14000002, 0x1000).target, 0x1008); /* b */
	insn = decode_arm64(0xb4000040, 0x1000);			   /* cbz x0, 0x1008 */
	assert_int_equal(insn.flow, FLOW_BRANCH);
	assert_int_equal(insn.target, 0x1008);
	assert_int_equal(insn.regs_read, 1);
	assert_int_equal(decode_arm64(0x3607ffe1, 0x1000).target, 0xffc); /* tbz w1, #0, 0xffc */
	assert_int_equal(decode_arm64(0xd65f03c0, 0).flow, FLOW_RETURN);
	assert_int_equal(decode_arm64(0xd61f0200, 0).flow, FLOW_JUMP_INDIRECT); /* br x16 */
	assert_int_equal(decode_arm64(0xd63f0020, 0).flow, FLOW_CALL_INDIRECT); /* blr x1 */
	assert_true(decode_arm64(0xd503201f, 0).is_nop);
	assert_true(decode_arm64(0xc85ffc20, 0).load_exclusive);  /* ldaxr x0, [x1] */
	assert_true(decode_arm64(0xc8027c20, 0).store_exclusive); /* stxr w2, x0, [x1] */
	assert_false(decode_arm64(0xc8dffc20, 0).load_exclusive); /* ldar x0, [x1] */
}

enum { STACK = 1u << 31, LR = 1u << 30, X0 = 1, X1 = 2, X2 = 4, X3 = 8 };

/* Of each kind: its text, and what a probe that is moved over it has to know. */
static void test_arm64_effects(void **state)
{
	static const struct {
		u32 word;
		const char *text;
		u32 reads, writes;
		bool writes_memory, may_fault;
		s8 fault_base;
	} known[] = {
		{0xa9bf7bfd, "stp x29, x30, [sp, #-16]!", STACK | LR | 1u << 29, STACK, true, false, -1},
		{0xa8c27bfd, "ldp x29, x30, [sp], #32", STACK, STACK | LR | 1u << 29, false, false, -1},
		{0xf9400422, "ldr x2, [x1, #8]", X1, X2, false, true, 1},
		{0xb863d841, "ldr w1, [x2, w3, sxtw #2]", X2 | X3, X1, false, true, -1},
		{0xf9000fe0, "str x0, [sp, #24]", STACK | X0, 0, true, false, -1},
		{0x3800141f, "strb wzr, [x0], #1", X0, X0, true, true, 0},
		{0x910043e2, "add x2, sp, #16", STACK, X2, false, false, -1},
		{0xd10083ff, "sub sp, sp, #32", STACK, STACK, false, false, -1},
		{0xf100041f, "cmp x0, #1", X0, 0, false, false, -1},
		{0xaa0203e0, "mov x0, x2", X2, X0, false, false, -1},
		{0xf2a468a0, "movk x0, #0x2345, lsl #16", X0, X0, false, false, -1},
		{0xd503233f, "paciasp", LR, LR, false, false, -1},
		{0xb8210000, ".inst 0xb8210000", ~0u, ~0u, true, true, -1}, /* ldadd */
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		struct insn insn = decode_arm64(known[i].word, 0x1000);

		assert_string_equal(insn.text, known[i].text);
		assert_int_equal(insn.cost, INSN_SINGLE_STEP);
		assert_int_equal(insn.flow, FLOW_NEXT);
		assert_int_equal(insn.regs_read, known[i].reads);
		assert_int_equal(insn.regs_written, known[i].writes);
		assert_int_equal(insn.writes_memory, known[i].writes_memory);
		assert_int_equal(insn.may_fault, known[i].may_fault);
		assert_int_equal(insn.fault_base, known[i].fault_base);
	}
}

/* What the kernel emulates, and what it refuses or would do wrongly. */
static void test_arm64_probes(void **state)
{
	static const u32 refused[] = {
		0xd65f0bff, /* retaa */
		0xd73f0822, /* blraa x1, x2 */
		0xd50323bf, /* autiasp */
		0xd4000001, /* svc #0 */
		0xd4200000, /* brk #0 */
		0xd51b4200, /* msr nzcv, x0 */
		0xd503203f, /* yield */
		0x58000081, /* ldr x1, a constant */
		0x5c000070, /* ldr d16, a constant */
		0x54000051, /* bc.ne */
		0x48227c20, /* casp x2, x3, x0, x1, [x1] */
		0,
	};
	struct insn insn;

	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		insn = decode_arm64(refused[i], 0x1000);
		assert_int_equal(insn.cost, INSN_REFUSED);
		assert_non_null(insn.hazard);
		assert_false(insn.load_exclusive || insn.store_exclusive);
	}
	assert_int_equal(decode_arm64(0xd65f0bff, 0).flow, FLOW_RETURN);
	assert_int_equal(decode_arm64(0xd4000001, 0).flow, FLOW_NEXT);
	assert_int_equal(decode_arm64(0x54000051, 0).flow, FLOW_BRANCH);
	insn = decode_arm64(0x10000060, 0x1000); /* adr x0, 0x100c */
	assert_int_equal(insn.cost, INSN_EMULATED);
	assert_true(insn.memory.present && insn.memory.pc_relative && !insn.memory.size);
	assert_int_equal(insn.memory.disp, 0x100c);
	insn = decode_arm64(0xb0000101, 0x123c); /* adrp x1, 0x22000 */
	assert_int_equal(insn.cost, INSN_EMULATED);
	assert_int_equal(insn.page, 0x22000);
	assert_true(decode_arm64(0xd503245f, 0).is_landing); /* bti c */
	assert_true(decode_arm64(0xd50320ff, 0).strips_return); /* xpaclri */
	assert_false(decode_arm64(0xd503233f, 0).strips_return); /* paciasp */
}

static void test_signed_address(void **state)
{
	const struct arch *arm64 = arch_by_machine(EM_AARCH64);

	assert_int_equal(arch_code_address(arm64, 0x0025aaaacd440828), 0xaaaacd440828);
	assert_int_equal(arch_wide_code_address(arm64, 0x002ffffffffff000), 0xffffffffff000);
	assert_int_equal(arch_code_address(arch_by_machine(EM_X86_64), ~0ULL), ~0ULL);
	assert_int_equal(arch_wide_code_address(arch_by_machine(EM_X86_64), ~0ULL), ~0ULL);
}

static bool loads_stack_pointer(u16 machine, const char *hex)
{
	u8 bytes[16];
	size_t n = 0, len;
	unsigned byte;
	int used;
	bool loads;

	while (n < sizeof(bytes) && sscanf(hex, "%2x %n", &byte, &used) == 1) {
		bytes[n++] = byte;
		hex += used;
	}
	loads = arch_by_machine(machine)->loads_stack_pointer(bytes, n, &len);
	assert_int_equal(len, n);
	return loads;
}

static void test_stack_pointer(void **state)
{
	static const char *const stays[] = {
		"48 89 ec",		/* mov %rbp, %rsp */
		"c9",			/* leave */
		"48 8d 65 d8",		/* lea -0x28(%rbp), %rsp */
		"49 8d 62 f8",		/* lea -0x8(%r10), %rsp: gcc's realigned frame */
		"48 29 c4",		/* sub %rax, %rsp */
		"48 83 e4 e0",		/* and $-32, %rsp */
		"48 89 e5",		/* mov %rsp, %rbp */
		"48 81 c4 d8 00 00 00", /* add $0xd8, %rsp */
	};
	static const char *const loads[] = {
		"4c 89 f4",    /* mov %r14, %rsp */
		"48 8b 67 38", /* mov 0x38(%rdi), %rsp */
		"5c",	       /* pop %rsp */
		"48 87 e0",    /* xchg %rsp, %rax */
		"48 8d 67 08", /* lea 0x8(%rdi), %rsp */
		"49 8d 62 08", /* lea 0x8(%r10), %rsp */
	};

	for (size_t i = 0; i < ARRAY_LEN(stays); i++)
		assert_false(loads_stack_pointer(EM_X86_64, stays[i]));
	for (size_t i = 0; i < ARRAY_LEN(loads); i++)
		assert_true(loads_stack_pointer(EM_X86_64, loads[i]));
	assert_false(loads_stack_pointer(EM_AARCH64, "bf 03 00 91")); /* mov sp, x29 */
	assert_false(loads_stack_pointer(EM_AARCH64, "ff 83 00 91")); /* add sp, sp, #32 */
	assert_false(loads_stack_pointer(EM_AARCH64, "ff 63 20 cb")); /* sub sp, sp, x0 */
	assert_false(loads_stack_pointer(EM_AARCH64, "1f 00 00 f1")); /* cmp x0, #0 */
	assert_true(loads_stack_pointer(EM_AARCH64, "3f 01 00 91"));  /* mov sp, x9 */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_fault_base),
		cmocka_unit_test(test_memory_operand),
		cmocka_unit_test(test_what_is_no_instruction),
		cmocka_unit_test(test_register_names),
		cmocka_unit_test(test_dwarf_numbers),
		cmocka_unit_test(test_tables_are_sound),
		cmocka_unit_test(test_stack_pointer),
		cmocka_unit_test(test_arm64),
		cmocka_unit_test(test_arm64_effects),
		cmocka_unit_test(test_arm64_probes),
		cmocka_unit_test(test_signed_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
