/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Live tests of user/load/: what is read at a hit, and that nothing is left behind. Prints TAP;
 * needs root. As `live_memory top` it is the program whose stack ends right behind main.
 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/userfaultfd.h>

#include "live.h"

enum { STACK = 16384, WAIT_MS = 20000 };

/* The first record of a session, and what of it the tests ask. */
struct seen {
	u64 n;
	struct record_head *record;
};

static void keep_first(const struct record_head *record, void *context)
{
	struct seen *seen = context;

	if (!seen->n++) {
		seen->record = malloc(record->size);
		memcpy(seen->record, record, record->size);
	}
}

static const struct record_chunk *chunk_at(const struct seen *seen, u64 address, u32 node)
{
	const struct record_chunk *chunks = seen->record ? (const void *)(seen->record + 1) : NULL;

	for (u32 i = 0; chunks && i < seen->record->n_chunks; i++) {
		if (chunks[i].address == address && chunks[i].node == node)
			return &chunks[i];
	}
	return NULL;
}

static const void *bytes_of(const struct seen *seen, const struct record_chunk *chunk)
{
	return (const u8 *)seen->record + seen->record->data_offset + chunk->offset;
}

/* The table of every test here: node 1 a list element, 2 a string, 3 an array of three elements. */
struct element {
	struct element *next;
	const char *name;
	u64 value;
};
static const struct read_edge edges[] = {{0, 1}, {8, 2}, {0, 1}};
static const struct read_node nodes[] = {
	{},
	{.size = sizeof(struct element), .n_edges = 2, .first_edge = 0, .elements = 1},
	{.size = 64, .kind = READ_STRING},
	{.size = 24, .n_edges = 1, .first_edge = 2, .elements = 3, .stride = 8},
};

static struct load_config walk_config(const struct live_child *child, u32 root_node)
{
	static struct load_program program;
	struct load_config config = live_config(child);

	program = (struct load_program){
		.roots = *live_root(),
		.root_nodes = {root_node},
		.n_roots = 1,
	};
	config.programs = &program;
	config.nodes = nodes;
	config.n_nodes = ARRAY_LEN(nodes);
	config.edges = edges;
	config.n_edges = ARRAY_LEN(edges);
	config.fault = true;
	config.limits.hits = 1;
	return config;
}

static void hit_lists(u64 *shared, u64 argument)
{
	static char names[4][8] = {"zero", "one", "two", "three"};
	static struct element elements[4];
	static struct element *array[3] = {&elements[0], NULL, &elements[2]};

	for (int i = 0; i < 4; i++)
		elements[i] = (struct element){&elements[(i + 1) % 4], names[i], 100 + i};
	for (int i = 0; i < 4; i++)
		shared[i] = (u64)&elements[i];
	shared[4] = (u64)array;
	live_hit(1, argument ? (void *)array : elements);
}

static void test_list(u64 through_array, bool old_kernel)
{
	struct live_child child = live_fork(hit_lists, through_array);
	struct load_config config = walk_config(&child, through_array ? 3 : 1);
	struct seen seen = {};
	int good = 0;

	config.old_kernel = old_kernel;
	live_run(&config, &child, keep_first, &seen);
	for (int i = 0; i < 4; i++) {
		static const char *const names[] = {"zero", "one", "two", "three"};
		const struct record_chunk *chunk = chunk_at(&seen, child.shared[i], 1), *name;
		const struct element *element;

		if (!chunk || chunk->state != CHUNK_OK)
			continue;
		element = bytes_of(&seen, chunk);
		name = chunk_at(&seen, (u64)element->name, 2);
		good += element->value == 100u + i && name && name->state == CHUNK_OK &&
			name->len == strlen(names[i]) + 1 &&
			!strcmp(bytes_of(&seen, name), names[i]);
	}
	live_ok(good == 4 && seen.record->n_chunks == 8 + !!through_array,
		"%s of four, a circle%s: each read once, with its string",
		through_array ? "an array of pointers into a list" : "a list",
		old_kernel ? ", with what 5.10 has" : "");
	free(seen.record);
}

/* Strings of 63 and 64 characters; the table says 64. */
static void hit_long_strings(u64 *shared, u64 argument)
{
	static char names[2][80];
	static struct element elements[2] = {{&elements[1], names[0], 0}, {NULL, names[1], 0}};

	memset(names[0], 'x', 63);
	memset(names[1], 'y', 64);
	shared[0] = (u64)names[0];
	shared[1] = (u64)names[1];
	live_hit(1, elements);
}

static void test_long_strings(void)
{
	struct live_child child = live_fork(hit_long_strings, 0);
	struct load_config config = walk_config(&child, 1);
	const struct record_chunk *whole, *cut;
	struct seen seen = {};

	live_run(&config, &child, keep_first, &seen);
	whole = chunk_at(&seen, child.shared[0], 2);
	cut = chunk_at(&seen, child.shared[1], 2);
	live_ok(whole && whole->len == 64 && !((const char *)bytes_of(&seen, whole))[63] && cut &&
			cut->len == 64 && ((const char *)bytes_of(&seen, cut))[63] == 'y',
		"a string that just fits has its NUL, one that was cut has none");
	free(seen.record);
}

/* A string that starts five bytes before the end of its page; the next was never touched. */
static void hit_fresh_page(u64 *shared, u64 argument)
{
	u8 *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct element element = {NULL, (char *)pages + 4091, 7};

	memset(pages, 'a', 4096);
	shared[0] = (u64)pages + 4091;
	live_hit(1, &element);
}

static bool faulted_in(const struct seen *seen, u64 address)
{
	const struct record_chunk *chunk = chunk_at(seen, address, 2);

	return chunk && chunk->state == CHUNK_FAULTED && chunk->len == 6 &&
	       !strcmp(bytes_of(seen, chunk), "aaaaa");
}

static bool cut_with_reason(const struct seen *seen, u64 address)
{
	const struct record_chunk *chunk = chunk_at(seen, address, 2);
	const struct record_chunk *rest = chunk_at(seen, address + 5, 0);

	return chunk && chunk->state == CHUNK_OK && chunk->len == 5 && rest &&
	       rest->state == CHUNK_NOT_RESIDENT;
}

static void test_fault(bool fault)
{
	struct live_child child = live_fork(hit_fresh_page, 0);
	struct load_config config = walk_config(&child, 1);
	struct load_features features;
	struct seen seen = {};
	struct live_result got;
	bool can;

	load_probe_features(&features);
	can = fault && features.sleepable;
	config.fault = fault;
	got = live_run(&config, &child, keep_first, &seen);
	live_ok(got.counts.faulted == can &&
			(can ? faulted_in : cut_with_reason)(&seen, child.shared[0]),
		"memory that was never touched %s",
		can ? "is faulted in, marked and counted"
		    : "has a reason, and the page before it is there");
	free(seen.record);
}

/* Nobody answers the userfaultfd: whoever touches the page waits for ever. */
static void hit_userfaultfd(u64 *shared, u64 argument)
{
	struct uffdio_api api = {.api = UFFD_API};
	struct uffdio_register range = {.mode = UFFDIO_REGISTER_MODE_MISSING};
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	u8 *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct element element = {NULL, (char *)pages + 8, 7};

	range.range.start = (u64)pages;
	range.range.len = 8192;
	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &range))
		return;
	shared[0] = (u64)pages + 8;
	live_hit(1, &element);
	shared[1] = 1;
}

static void test_userfaultfd(void)
{
	struct live_child child = live_fork(hit_userfaultfd, 0);
	struct load_config config = walk_config(&child, 1);
	struct load_session *session = live_start(&config);
	const struct record_head *record;
	const struct record_chunk *chunk;
	struct seen seen = {};

	live_go(&child);
	for (int waited = 0; !live_ended(&child) && waited < WAIT_MS; waited += 10)
		poll(NULL, 0, 10);
	load_stop(session);
	error_free(load_next(session, 0, -1, &record));
	if (record)
		keep_first(record, &seen);
	chunk = chunk_at(&seen, child.shared[0], 2);
	if (!child.shared[0])
		live_ok(true, "a userfaultfd page makes nobody wait # SKIP no userfaultfd here");
	else
		live_ok(!child.pid && child.shared[1] && chunk &&
				chunk->state == CHUNK_NOT_RESIDENT,
			"a userfaultfd page makes nobody wait and is not resident");
	live_kill(&child);
	load_free(session);
	free(seen.record);
}

/* main() of `live_memory top`: its frame is a few hundred bytes from the end of the stack. */
static int top(void)
{
	char c;

	if (read(0, &c, 1) == 1)
		live_hit(1, NULL);
	return 0;
}

static u64 stack_end(int pid)
{
	unsigned long start, end, found = 0;
	char path[64], line[512];
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "re");
	while (maps && fgets(line, sizeof(line), maps)) {
		if (strstr(line, "[stack]") && sscanf(line, "%lx-%lx", &start, &end) == 2)
			found = end;
	}
	if (maps)
		fclose(maps);
	return found;
}

static void test_top_of_stack(void)
{
	char *const argv[] = {(char *)"m", (char *)"top", NULL}, *const envp[] = {NULL};
	struct live_child child = {};
	struct load_session *session;
	struct load_config config;
	const struct record_head *record = NULL;
	const struct record_chunk *chunk;
	int go[2];
	u64 end;

	if (pipe(go))
		abort();
	child.pid = fork();
	if (!child.pid) {
		dup2(go[0], 0);
		execve("/proc/self/exe", argv, envp);
		_exit(1);
	}
	child.go = go[1];
	config = live_config(&child);
	config.stack_bytes = STACK;
	config.limits.hits = 1;
	session = live_start(&config);
	poll(NULL, 0, 100); /* for its exec; attaching before it does no harm */
	end = stack_end(child.pid);
	live_go(&child);
	for (int i = 0; i < 100 && !record; i++)
		error_free(load_next(session, 100, -1, &record));
	chunk = record ? (const void *)(record + 1) : NULL;
	live_ok(chunk && chunk->state == CHUNK_OK && chunk->len < STACK &&
			chunk->address == record->regs[LIVE_SP] - LIVE_RED_ZONE &&
			chunk->address + chunk->len == end,
		"the stack of main with an empty environment: all %u bytes to its end",
		chunk ? chunk->len : 0);
	load_free(session);
	live_kill(&child);
	close(go[0]);
}

static void call_for_ever(u64 *shared, u64 argument)
{
	for (u64 i = 1;; i++) {
		for (int k = 0; k < LIVE_MANY; k++)
			((void (*)(void))(live_many + 16 * k))();
		live_hit(i, NULL);
		shared[0]++;
	}
}

/* The probed text as it is in the child; all nops and returns without probes. */
static bool text_is_clean(int pid)
{
#ifdef __aarch64__
	static const u8 nop[] = {0x1f, 0x20, 0x03, 0xd5};
#else
	static const u8 nop[] = {0x90};
#endif
	u8 text[16 * LIVE_MANY], hit[sizeof(nop)];
	char path[64];
	bool clean;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	clean = pread(fd, text, sizeof(text), (off_t)live_many) == sizeof(text) &&
		pread(fd, hit, sizeof(hit), (off_t)live_hit) == sizeof(hit) &&
		!memcmp(text, live_many, sizeof(text)) && !memcmp(hit, nop, sizeof(nop));
	close(fd);
	return clean;
}

static void test_sigkill(void)
{
	struct live_child child = live_fork(call_for_ever, 0);
	bool attached = false, clean = false;
	u64 before;
	int loader;

	live_go(&child);
	loader = fork();
	if (!loader) {
		struct load_config config = live_config(&child);

		live_start(&config);
		for (;;)
			pause();
	}
	for (int i = 0; i < 500 && !attached; i++) {
		attached = !text_is_clean(child.pid);
		poll(NULL, 0, 10);
	}
	kill(loader, SIGKILL);
	waitpid(loader, NULL, 0);
	for (int i = 0; i < 500 && !clean; i++) {
		clean = text_is_clean(child.pid);
		poll(NULL, 0, 10);
	}
	before = child.shared[0];
	poll(NULL, 0, 50);
	live_ok(attached && clean && child.shared[0] > before,
		"SIGKILL of the loader takes its probes away, and the program runs on");
	live_kill(&child);
}

static int open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

static int mappings(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	int n = 0, c;

	while (maps && (c = fgetc(maps)) != EOF)
		n += c == '\n';
	if (maps)
		fclose(maps);
	return n;
}

static void test_cycles(void)
{
	struct live_child child = live_fork(call_for_ever, 0);
	struct load_config config = live_config(&child);
	struct load_place places[LIVE_MANY];
	struct load_features features;
	int files, maps, seen = 0, cycles = 0;
	bool multi;

	for (u32 i = 0; i < LIVE_MANY; i++) {
		places[i] = config.places[0];
		places[i].index = i;
		places[i].offset = places[i].pc = live_offset(live_many + 16 * i);
	}
	config.places = places;
	config.n_places = LIVE_MANY;
	config.buffer_bytes = 1 << 16;
	load_probe_features(&features);
	multi = features.multi_links;
	live_go(&child);
	load_free(live_start(&config)); /* what libraries keep for themselves */
	files = open_files();
	maps = mappings();
	for (; cycles < 1000 / LIVE_MANY; cycles++) {
		struct load_session *session;

		config.links = cycles % 10 && multi ? LOAD_LINKS_MULTI : LOAD_LINKS_PERF;
		session = live_start(&config);
		seen += !text_is_clean(child.pid);
		load_free(session);
	}
	live_ok(seen == cycles && text_is_clean(child.pid) && child.pid,
		"1000 attaches and detaches under load leave the text as it was");
	live_ok(open_files() == files && mappings() <= maps + 1,
		"... and no link, map or file behind");
	live_kill(&child);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "top"))
		return top();
	test_list(0, false);
	test_list(1, false);
	test_list(1, true);
	test_long_strings();
	test_fault(true);
	test_fault(false);
	test_userfaultfd();
	test_top_of_stack();
	test_sigkill();
	test_cycles();
	return live_plan();
}
