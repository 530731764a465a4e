/* SPDX-License-Identifier: BSD-2-Clause */
#include "plan/identity.h"

#include "base/host.h"

static struct file_stamp stamp_of(const struct stat *info)
{
	return (struct file_stamp){
		.dev = info->st_dev,
		.inode = info->st_ino,
		.size = (u64)info->st_size,
		.changed_ns = (u64)info->st_mtim.tv_sec * 1000000000ULL + (u64)info->st_mtim.tv_nsec,
	};
}

void identity_take(struct plan_module *module)
{
	struct stat info;

	if (host_stat(module->path, &info) == 0)
		module->stamp = stamp_of(&info);
}

/* The same code with another time of change (touch, a copy onto itself) harms nobody. */
static bool is_same_build(const struct plan_module *module)
{
	struct elf_file *file;
	struct error *err = elf_file_open(module->path, module->shown, &file);
	bool same;

	if (err) {
		error_free(err);
		return false;
	}
	same = build_id_equal(elf_file_build_id(file), &module->build_id);
	elf_file_close(file);
	return same;
}

enum identity identity_check(struct plan_module *module)
{
	const struct file_stamp *before = &module->stamp;
	struct file_stamp now;
	struct stat info;

	if (host_stat(module->path, &info) != 0)
		return IDENTITY_REPLACED; /* removed, or its process with its root is gone */
	now = stamp_of(&info);
	if (now.dev != before->dev || now.inode != before->inode)
		return IDENTITY_REPLACED;
	if (now.size == before->size && now.changed_ns == before->changed_ns)
		return IDENTITY_SAME;
	if (!is_same_build(module))
		return IDENTITY_OVERWRITTEN;
	module->stamp = now;
	return IDENTITY_SAME;
}
