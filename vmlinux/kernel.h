/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * The few kernel types that the programs touch, with the few members. Offsets are relocated when a
 * program is loaded (CO-RE); names and types are those of Linux 5.10 to 6.18.
 */
#ifndef SNAPLINE_KERNEL_H
#define SNAPLINE_KERNEL_H

#include <linux/types.h>

#define _core_ __attribute__((preserve_access_index))

/*
 * The context of a uprobe program; not relocated, its layout is ABI. Go keeps the running goroutine
 * in R14 (from 1.17) and in R28 (Go's internal ABI specification, src/cmd/compile/abi-internal.md).
 */
#if defined(__TARGET_ARCH_x86)
enum { REGS_SLOTS = 21, REGS_IP = 16, REGS_SP = 19, REGS_FP = 4, REGS_GO = 1, RED_ZONE = 128 };
#elif defined(__TARGET_ARCH_arm64)
enum { REGS_SLOTS = 34, REGS_IP = 32, REGS_SP = 31, REGS_FP = 29, REGS_GO = 28, RED_ZONE = 0 };
#else
#error "no pt_regs for this CPU"
#endif

struct pt_regs {
	__u64 slot[REGS_SLOTS];
};

struct ns_common {
	unsigned int inum;
} _core_;

struct pid_namespace {
	struct ns_common ns;
} _core_;

struct upid {
	int nr;
	struct pid_namespace *ns;
} _core_;

struct pid {
	unsigned int level;
	struct upid numbers[1];
} _core_;

typedef struct {
	int counter;
} atomic_t;

struct signal_struct {
	atomic_t live; /* threads that have not exited */
} _core_;

#if defined(__TARGET_ARCH_x86)
struct thread_struct {
	unsigned long fsbase;
} _core_;
#else
struct thread_struct {
	struct {
		unsigned long tp_value;
	} uw;
} _core_;
#endif

/* A pending return probe, of anybody's (include/linux/uprobes.h). */
struct return_instance {
	unsigned long stack;
	unsigned long orig_ret_vaddr;
	struct return_instance *next;
} _core_;

struct uprobe_task {
	unsigned int depth; /* return_instances */
	struct return_instance *return_instances;
} _core_;

struct file;

struct mm_struct {
	struct file *exe_file;
} _core_;

struct fdtable {
	struct file **fd;
} _core_;

struct files_struct {
	struct fdtable *fdt;
} _core_;

struct task_struct {
	int pid;
	int tgid;
	__u64 start_boottime;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	struct signal_struct *signal;
	struct uprobe_task *utask;
	struct mm_struct *mm;
	struct files_struct *files;
	struct thread_struct thread;
} _core_;

struct super_block {
	unsigned long s_magic;
} _core_;

struct inode {
	struct super_block *i_sb;
} _core_;

struct file {
	struct inode *f_inode;
} _core_;

struct userfaultfd_ctx;

struct vm_userfaultfd_ctx {
	struct userfaultfd_ctx *ctx;
} _core_;

struct vm_operations_struct;

struct vm_area_struct {
	unsigned long vm_start;
	unsigned long vm_end;
	const struct vm_operations_struct *vm_ops;
	struct file *vm_file;
	struct vm_userfaultfd_ctx vm_userfaultfd_ctx; /* empty without CONFIG_USERFAULTFD */
} _core_;

#endif
