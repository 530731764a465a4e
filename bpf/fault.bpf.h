/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * Reading what is not resident, in sleepable programs (6.0): only memory that is at hand. A page is
 * faulted in when its mapping is plain anonymous memory, or a file of a local file system, and has
 * no userfaultfd; on FUSE, network file systems and devices the fault could wait for others, for
 * the probed process itself even. bpf_find_vma() takes the lock of the address space only if it is
 * free, and the page is read after it has been given back: a thread that replaces the mapping in
 * between by one under userfaultfd is the case that remains.
 */
#ifndef SNAPLINE_FAULT_BPF_H
#define SNAPLINE_FAULT_BPF_H

#include <asm-generic/errno-base.h>

#include "maps.bpf.h"

/* include/uapi/linux/magic.h, and each file system's own; those that never ask another machine or
 * process for a page. */
enum {
	MAGIC_EXT4 = 0xef53,
	MAGIC_XFS = 0x58465342,
	MAGIC_TMPFS = 0x01021994,
	MAGIC_RAMFS = 0x858458f6,
	MAGIC_SQUASHFS = 0x73717368,
	MAGIC_ISOFS = 0x9660,
};
#define MAGIC_BTRFS 0x9123683eul
#define MAGIC_F2FS 0xf2f52010ul
#define MAGIC_BCACHEFS 0xca451a4eul
#define MAGIC_ZFS 0x2fc12fc1ul

enum { VMA_NONE, VMA_REFUSED, VMA_PLAIN };

struct vma_answer {
	u64 kind;
	u64 end; /* of the mapping */
};

_inline_ bool local_file_system(u64 magic)
{
	return magic == MAGIC_EXT4 || magic == MAGIC_XFS || magic == MAGIC_TMPFS ||
	       magic == (u32)MAGIC_RAMFS || magic == MAGIC_SQUASHFS || magic == MAGIC_ISOFS ||
	       magic == MAGIC_BTRFS || magic == MAGIC_F2FS || magic == MAGIC_BCACHEFS ||
	       magic == MAGIC_ZFS;
}

static long vma_judge(struct task_struct *task, struct vm_area_struct *vma, void *context)
{
	struct vma_answer *answer = context;
	struct file *file = vma->vm_file;

	answer->kind = VMA_REFUSED;
	answer->end = vma->vm_end;
	if (bpf_core_field_exists(vma->vm_userfaultfd_ctx.ctx) && vma->vm_userfaultfd_ctx.ctx)
		return 0;
	if (!file) {
		if (!vma->vm_ops)
			answer->kind = VMA_PLAIN;
		return 0;
	}
	if (local_file_system(file->f_inode->i_sb->s_magic))
		answer->kind = VMA_PLAIN;
	return 0;
}

/* VMA_PLAIN: [address, address + len) lies in at most two mappings, each of them plain. */
_inline_ u64 vma_kind(u64 address, u64 len)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct vma_answer answer = {};
	u64 first;
	long err = bpf_find_vma(task, address, vma_judge, &answer, 0);

	/* Else the lock is taken, and what is mapped there can't be told. */
	if (err)
		return err == -ENOENT ? VMA_NONE : VMA_REFUSED;
	if (answer.kind != VMA_PLAIN || address + len <= answer.end)
		return answer.kind;
	first = answer.end;
	answer.kind = VMA_NONE;
	bpf_find_vma(task, first, vma_judge, &answer, 0);
	return answer.kind == VMA_PLAIN && address + len <= answer.end ? VMA_PLAIN : VMA_REFUSED;
}

#endif
