// flags: -no-pie -nostartfiles -Wl,-z,noexecstack
// cpu: x86_64
/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instructions on which a probe does harm. Runs each 10,000 times; ends with 0 if all was computed
 * as written, without a probe or with one where choose.h puts it.
 */
	.text

/* Keeps its argument below the stack pointer across a 5-byte nop; returns it. */
	.globl red_zone
	.type red_zone, @function
red_zone:
	.cfi_startproc
	mov	%rdi, -8(%rsp)
	.globl red_zone_nop
red_zone_nop:
	.byte	0x0f, 0x1f, 0x44, 0x00, 0x00
	mov	-8(%rsp), %rax
	ret
	.cfi_endproc
	.size red_zone, . - red_zone

/* A leaf whose first instruction is a 5-byte nop, as compilers leave them for patching. */
	.globl patchable
	.type patchable, @function
patchable:
	.cfi_startproc
	.byte	0x0f, 0x1f, 0x44, 0x00, 0x00
	lea	1(%rdi), %eax
	nop
	ret
	.cfi_endproc
	.size patchable, . - patchable

/* 49 90 is no nop: returns 2. */
	.globl exchange
	.type exchange, @function
exchange:
	.cfi_startproc
	mov	$1, %eax
	mov	$2, %r8d
	.byte	0x49, 0x90
	ret
	.cfi_endproc
	.size exchange, . - exchange

/* A system call made in line. */
	.globl ask_pid
	.type ask_pid, @function
ask_pid:
	.cfi_startproc
	mov	$39, %eax
	syscall
	ret
	.cfi_endproc
	.size ask_pid, . - ask_pid

/* A restartable sequence: adds one to `updates`. */
	.globl count_up
	.type count_up, @function
count_up:
	.cfi_startproc
	lea	descriptor(%rip), %rax
.Lstart:
	mov	updates(%rip), %rdx
	add	$1, %rdx
	mov	%rdx, updates(%rip)
.Lcommit:
	ret
	.long	0x53053053
.Labort:
	jmp	count_up
	.cfi_endproc
	.size count_up, . - count_up

/* A repeated instruction: 11 rounds of it are one execution. */
	.globl fill
	.type fill, @function
fill:
	.cfi_startproc
	lea	filled(%rip), %rdi
	xor	%eax, %eax
	mov	$11, %ecx
	rep stosq
	ret
	.cfi_endproc
	.size fill, . - fill

/* Data between instructions: a decode from the start doesn't reach `constant`. */
	.globl with_data
	.type with_data, @function
with_data:
	.cfi_startproc
	mov	constant(%rip), %eax
	jmp	.Lbehind
	.globl constant
constant:
	.long	0x55555555
.Lbehind:
	add	$1, %eax
	ret
	.cfi_endproc
	.size with_data, . - with_data

	.globl _start
	.type _start, @function
_start:
	.cfi_startproc
	.cfi_undefined rip
	mov	$10000, %ebx
	xor	%r12d, %r12d
	xor	%r13d, %r13d
.Lloop:
	mov	%rbx, %rdi
	call	red_zone
	cmp	%rbx, %rax
	setne	%al
	movzbl	%al, %eax
	add	%rax, %r12
	call	exchange
	cmp	$2, %eax
	setne	%al
	movzbl	%al, %eax
	add	%rax, %r13
	call	patchable
	call	count_up
	call	with_data
	call	fill
	dec	%rbx
	jnz	.Lloop
	call	ask_pid
	xor	%edi, %edi
	lea	(%r12,%r13), %rdi
	cmpq	$10000, updates(%rip)
	setne	%al
	movzbl	%al, %eax
	or	%rax, %rdi
	mov	$231, %eax
	syscall
	.cfi_endproc
	.size _start, . - _start

	.data
	.globl updates
	.balign 8
updates:
	.quad	0

	.bss
	.balign 8
filled:
	.skip	88

	.section __rseq_cs, "aw"
	.balign 32
descriptor:
	.long	0, 0
	.quad	.Lstart, .Lcommit - .Lstart, .Labort

	.section .note.GNU-stack, "", @progbits
