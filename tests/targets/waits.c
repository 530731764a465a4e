// SPDX-License-Identifier: BSD-2-Clause
// flags: -pthread
// Memory that nobody but this program itself could bring: whoever touches it waits, for ever if it is the thread
// that has to answer. A function is called with pointers to it, by that very thread, and doesn't look.
// Ends when its input does.
// usage: waits userfaultfd | waits fuse FOLDER
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common.h"

enum { ROOT = FUSE_ROOT_ID, FILE_NODE = 2, SIZE = 8192 };

struct item {
	int value;
	struct item *next;
	char name[16];
};

static int asked; /* FUSE: reads of the file's contents */

static NOINLINE long look(const char *text, struct item *item, long n)
{
	KEEP(text);
	KEEP(item);
	return n + 1;
}

static void call_look(char *pages)
{
	struct item near = {1, (struct item *)(pages + 64), "near"};
	long sum = 0;

	for (long i = 0; i < 20; i++)
		sum += look(pages + 8, &near, i);
	printf("looked %ld asked %d\n", sum, asked);
	fflush(stdout);
	getchar(); /* so that it lives while its records are read */
}

static int fail(const char *what)
{
	printf("not here: %s: %s\n", what, strerror(errno));
	return 0;
}

static int with_userfaultfd(void)
{
	struct uffdio_api api = {.api = UFFD_API};
	struct uffdio_register range = {.mode = UFFDIO_REGISTER_MODE_MISSING};
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	char *pages = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	range.range.start = (unsigned long)pages;
	range.range.len = SIZE;
	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &range))
		return fail("userfaultfd");
	call_look(pages);
	return 0;
}

static void answer(int fd, const struct fuse_in_header *in, int error, const void *body, size_t len)
{
	char out[SIZE + 256];
	struct fuse_out_header head = {(uint32_t)(sizeof(head) + len), error, in->unique};

	memcpy(out, &head, sizeof(head));
	memcpy(out + sizeof(head), body, len);
	if (write(fd, out, head.len) != (ssize_t)head.len)
		perror("answer");
}

static struct fuse_attr attributes(uint64_t node)
{
	return (struct fuse_attr){
		.ino = node, .size = node == ROOT ? 0 : SIZE, .nlink = 1,
		.mode = node == ROOT ? S_IFDIR | 0755 : S_IFREG | 0644,
	};
}

static void answer_contents(int fd, const struct fuse_in_header *in, const struct fuse_read_in *read)
{
	static char contents[SIZE];
	uint64_t from = read->offset < SIZE ? read->offset : SIZE;

	asked++;
	memset(contents, 'x', SIZE);
	answer(fd, in, 0, contents + from, SIZE - from < read->size ? SIZE - from : read->size);
}

static void answer_one(int fd, const char *request)
{
	const struct fuse_in_header *in = (const void *)request;
	struct fuse_init_out init = {.major = FUSE_KERNEL_VERSION, .minor = 31, .max_write = 4096,
				     .max_readahead = 0};
	struct fuse_entry_out entry = {.nodeid = FILE_NODE, .attr = attributes(FILE_NODE),
				       .entry_valid = 60, .attr_valid = 60};
	struct fuse_attr_out attr = {.attr_valid = 60, .attr = attributes(in->nodeid)};
	struct fuse_open_out open = {.fh = 1};

	switch (in->opcode) {
	case FUSE_INIT: answer(fd, in, 0, &init, sizeof(init)); break;
	case FUSE_LOOKUP: answer(fd, in, 0, &entry, sizeof(entry)); break;
	case FUSE_GETATTR: answer(fd, in, 0, &attr, sizeof(attr)); break;
	case FUSE_OPEN: answer(fd, in, 0, &open, sizeof(open)); break;
	case FUSE_READ:
		answer_contents(fd, in, (const void *)(request + sizeof(*in)));
		break;
	case FUSE_FORGET: break;
	case FUSE_FLUSH:
	case FUSE_RELEASE: answer(fd, in, 0, NULL, 0); break;
	default: answer(fd, in, -ENOSYS, NULL, 0);
	}
}

static char *mapped;
static const char *folder;

static void *map_file(void *unused)
{
	char path[512];
	void *pages;
	int fd;

	snprintf(path, sizeof(path), "%s/file", folder);
	fd = open(path, O_RDONLY);
	pages = fd < 0 ? MAP_FAILED : mmap(NULL, SIZE, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd); /* asks the server, so not to be left to the end of the process */
	__atomic_store_n(&mapped, pages, __ATOMIC_RELEASE);
	return NULL;
}

/* This thread serves the file that the other one maps, and then calls look() itself. */
static int with_fuse(void)
{
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	static char request[SIZE + 4096];
	char options[128];
	pthread_t thread;

	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
	if (fd < 0 || mount("waits", folder, "fuse.waits", MS_NOSUID | MS_NODEV, options))
		return fail("FUSE");
	pthread_create(&thread, NULL, map_file, NULL);
	while (!__atomic_load_n(&mapped, __ATOMIC_ACQUIRE)) {
		if (read(fd, request, sizeof(request)) > 0)
			answer_one(fd, request);
		else
			usleep(1000);
	}
	pthread_join(thread, NULL);
	if (mapped == MAP_FAILED)
		fail("the file of FUSE");
	else
		call_look(mapped);
	umount2(folder, MNT_DETACH);
	return 0;
}

int main(int argc, char **argv)
{
	folder = argc > 2 ? argv[2] : ".";
	alarm(15);
	return argc > 1 && !strcmp(argv[1], "fuse") ? with_fuse() : with_userfaultfd();
}
