/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the debug information of a file lies, in the order of gdb: in the file itself, by build-id
 * under /usr/lib/debug, by .gnu_debuglink beside the file, in .debug beside it, and under
 * /usr/lib/debug. Each path is tried under the process's root first, then on the host.
 */
#include <limits.h>
#include <string.h>
#include <zlib.h>

#include "base/host.h"
#include "base/strbuf.h"
#include "elf/elf_private.h"

static const char debug_root[] = "/usr/lib/debug";

/* What a candidate has to match to be taken. */
struct wanted {
	const struct build_id *build_id; /* NULL or len 0: no matter */
	bool has_crc;
	u32 crc;
};

static bool has_debug_info(const struct elf_file *file)
{
	const struct elf_section *section = elf_file_section(file, ".debug_info");

	return section && section->bytes && section->size;
}

static u32 file_crc(const struct elf_file *file)
{
	u32 crc = 0;

	for (size_t at = 0; at < file->size;) {
		size_t len = min_u64(file->size - at, 1 << 30);

		crc = (u32)crc32(crc, file->map + at, (uInt)len);
		at += len;
	}
	return crc;
}

static bool matches(const struct elf_file *file, const struct wanted *wanted)
{
	const struct build_id *id = wanted->build_id;

	if (id && id->len && file->build_id.len)
		return id->len == file->build_id.len &&
		       !memcmp(id->bytes, file->build_id.bytes, id->len);
	return !wanted->has_crc || file_crc(file) == wanted->crc;
}

/* Tries one path; what was looked at goes to `looked`, with why it was not taken. */
static struct elf_file *try_path(const char *root, const char *path, const struct wanted *wanted,
				 struct strbuf *looked)
{
	_cleanup_(strbuf_free) struct strbuf full = {};
	struct elf_file *file = NULL;
	struct stat info;
	struct error *err;

	strbuf_printf(&full, "%s%s", root, path);
	strbuf_printf(looked, "%s%s", looked->len ? ", " : "", full.text);
	if (host_stat(full.text, &info))
		return NULL;
	err = elf_debug_open(full.text, path, &file);
	if (err) {
		strbuf_printf(looked, " (%s)", err->text);
		error_free(err);
		return NULL;
	}
	if (!matches(file, wanted)) {
		strbuf_puts(looked, " (of another build)");
		elf_file_close(file);
		return NULL;
	}
	return file;
}

static struct elf_file *try_roots(const char *root, const char *path, const struct wanted *wanted,
				  struct strbuf *looked)
{
	struct elf_file *found = try_path(root, path, wanted, looked);

	if (!found && *root)
		found = try_path("", path, wanted, looked);
	return found;
}

static struct elf_file *by_build_id(const char *root, const struct build_id *id,
				    const struct wanted *wanted, struct strbuf *looked)
{
	_cleanup_(strbuf_free) struct strbuf path = {};

	if (id->len < 2)
		return NULL;
	strbuf_printf(&path, "%s/.build-id/%02x/", debug_root, id->bytes[0]);
	for (size_t i = 1; i < id->len; i++)
		strbuf_printf(&path, "%02x", id->bytes[i]);
	strbuf_puts(&path, ".debug");
	return try_roots(root, path.text, wanted, looked);
}

static size_t prefix_len(const char *path, const char *root)
{
	size_t len = strlen(root);

	return len > 1 && !strncmp(path, root, len) && path[len] == '/' ? len : 0;
}

/*
 * The directory of the file as its process sees it: without the root in front, be it written as
 * /proc/PID/root or as the path that a chrooted process's root has for us.
 */
static void inner_directory(const struct elf_file *file, const char *root, struct strbuf *directory)
{
	char real[PATH_MAX], real_root[PATH_MAX];
	const char *path = host_real_path(file->path, real) ? real : file->path, *slash;
	size_t len = prefix_len(file->path, root);

	if (!host_real_path(*root ? root : "/", real_root))
		*real_root = '\0';
	path = len ? file->path + len : path + prefix_len(path, real_root);
	slash = strrchr(path, '/');
	strbuf_add(directory, path, slash ? (size_t)(slash - path) : 0);
	strbuf_puts(directory, "");
}

static struct elf_file *by_debuglink(struct elf_file *file, const char *root, struct wanted *wanted,
				     struct strbuf *looked)
{
	static const struct {
		const char *before, *after;
	} places[] = {{"", "/"}, {"", "/.debug/"}, {debug_root, "/"}};
	const struct elf_section *link = elf_file_section(file, ".gnu_debuglink");
	_cleanup_(strbuf_free) struct strbuf directory = {};
	struct elf_file *found = NULL;
	const char *name;
	u64 at;

	name = link ? elf_string(link->bytes, link->size, 0) : NULL;
	at = name ? (strlen(name) + 4) & ~3ULL : 0;
	if (!name || strchr(name, '/') || at + sizeof(u32) > link->size)
		return NULL;
	memcpy(&wanted->crc, link->bytes + at, sizeof(u32));
	wanted->has_crc = true;
	inner_directory(file, root, &directory);
	for (size_t i = 0; i < ARRAY_LEN(places) && !found; i++) {
		_cleanup_(strbuf_free) struct strbuf path = {};

		strbuf_printf(&path, "%s%s%s%s", places[i].before,
			      directory.text ? directory.text : "", places[i].after, name);
		found = try_roots(root, path.text, wanted, looked);
	}
	return found;
}

struct error *elf_file_debug_file(struct elf_file *file, const char *root, struct elf_file **debug,
				  const char **looked)
{
	_cleanup_(strbuf_free) struct strbuf places = {};
	struct wanted wanted = {.build_id = &file->build_id};

	if (!file->debug_known) {
		file->debug_known = true;
		if (!has_debug_info(file)) {
			file->debug = by_build_id(root, &file->build_id, &wanted, &places);
			if (!file->debug)
				file->debug = by_debuglink(file, root, &wanted, &places);
			elf_symbols_reset(file);
		}
		file->looked = arena_strdup(file->arena, places.text ? places.text : "");
	}
	*debug = file->debug ? file->debug : has_debug_info(file) ? file : NULL;
	*looked = file->looked;
	return NULL;
}

/*
 * .gnu_debugaltlink holds a path, NUL, and the build-id of the alternate file (dwz(1)). The path
 * may be relative to the file that holds it.
 */
static struct elf_file *find_alt(struct elf_file *file, const char *root,
				 const struct elf_section *link, struct strbuf *looked)
{
	const char *name = elf_string(link->bytes, link->size, 0);
	_cleanup_(strbuf_free) struct strbuf path = {};
	struct build_id id = {};
	struct wanted wanted = {.build_id = &id};
	struct elf_file *found;
	size_t id_at;

	if (!name)
		return NULL;
	id_at = strlen(name) + 1;
	id.len = (u8)min_u64(link->size - id_at, sizeof(id.bytes));
	memcpy(id.bytes, link->bytes + id_at, id.len);
	found = by_build_id(root, &id, &wanted, looked);
	if (found)
		return found;
	if (name[0] != '/') {
		inner_directory(file, root, &path);
		strbuf_putc(&path, '/');
	}
	strbuf_puts(&path, name);
	return try_roots(root, path.text, &wanted, looked);
}

struct error *elf_file_alt_file(struct elf_file *file, const char *root, struct elf_file **alt)
{
	const struct elf_section *link = elf_file_section(file, ".gnu_debugaltlink");
	_cleanup_(strbuf_free) struct strbuf looked = {};

	if (link && link->bytes && !file->alt_known) {
		file->alt_known = true;
		file->alt = find_alt(file, root, link, &looked);
		if (!file->alt)
			return error_cure(
				error_new(ERROR_NOT_FOUND,
					  "the debug information of %s is "
					  "incomplete: its shared part is "
					  "missing, looked at %s",
					  file->shown, looked.text ? looked.text : "nothing"),
				"Install the package that holds it, usually the same -dbg or "
				"-dbgsym package");
	}
	*alt = file->alt;
	return NULL;
}
