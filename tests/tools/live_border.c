/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The border between keeper and worker, with workers that attack, crash, loop and eat memory. Each
 * scenario is a process of its own that crosses the border as snapline does; what its worker saw it
 * leaves in shared memory. Prints TAP; needs root.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "../insns.h"
#include "base/clock.h"
#include "base/host.h"
#include "cmd/border.h"
#include "live.h"
#include "load/permit.h"
#include "load/remote.h"

enum { CLAIMS_MOST = 160, WAIT_SECONDS = 30 };
enum { INHERITED = 99 }; /* a descriptor that a shell left open */

/* Shared by all processes of this test. */
static struct board {
	u32 n;
	u32 worker;	    /* pid */
	volatile u32 ready; /* it waits for hits */
	struct claim {
		bool good;
		char text[100];
	} claims[CLAIMS_MOST];
} * board;

static struct live_child target_child; /* what the sessions are for */
static pid_t victim;		       /* what they are not for */
static char private_elf[64];	       /* an ELF file that only root may read, of nobody's target */

static void claim(bool good, const char *text)
{
	struct claim *claim = &board->claims[board->n++];

	claim->good = good;
	snprintf(claim->text, sizeof(claim->text), "%s", text);
}

/* Of the worker's own doing. */

static void try_call(const char *name, long result)
{
	char text[100];

	snprintf(text, sizeof(text), "a worker may not call %s", name);
	claim(result == -1 && (errno == EPERM || errno == ENOSYS), text);
}

static void attack_by_calls(void)
{
	char bytes[256] = {}, *const none[] = {NULL};
	struct iovec here = {bytes, sizeof(bytes)}, there = {(void *)0x400000, sizeof(bytes)};
	int own = host_open("/proc/self/ns/mnt"), pid = target_child.pid;
	struct perf_event_attr event = {.size = sizeof(event), .type = PERF_TYPE_SOFTWARE};

	(void)own;
	try_call("open", syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY));
	try_call("socket", socket(AF_INET, SOCK_STREAM, 0));
	try_call("execve", execve("/bin/true", none, none));
	try_call("fork", syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
	try_call("unshare", unshare(CLONE_NEWUSER));
	try_call("kill", kill(pid, SIGSTOP));
	try_call("tgkill of another", syscall(SYS_tgkill, pid, pid, SIGSTOP));
	try_call("pidfd_send_signal", syscall(SYS_pidfd_send_signal, STDERR_FILENO, SIGSTOP, 0, 0));
	try_call("pidfd_getfd", syscall(SYS_pidfd_getfd, STDERR_FILENO, 0, 0));
	try_call("ptrace", ptrace(PTRACE_ATTACH, pid, NULL, NULL));
	try_call("process_vm_readv", process_vm_readv(pid, &here, 1, &there, 1, 0));
	try_call("process_vm_writev", process_vm_writev(pid, &here, 1, &there, 1, 0));
	try_call("bpf", syscall(SYS_bpf, 0, bytes, sizeof(bytes)));
	try_call("perf_event_open", syscall(SYS_perf_event_open, &event, 0, -1, -1, 0));
	try_call("userfaultfd", syscall(SYS_userfaultfd, 0));
	try_call("io_uring_setup", syscall(SYS_io_uring_setup, 1, bytes));
	try_call("keyctl", syscall(SYS_keyctl, 0, 0));
	try_call("unlink", unlink(private_elf));
	try_call("fchmod", fchmod(STDERR_FILENO, 0777));
	try_call("setuid", setuid(0));
	try_call("prctl", syscall(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0));
	try_call("ioctl of any kind", syscall(SYS_ioctl, STDERR_FILENO, PERF_EVENT_IOC_DISABLE, 0));
	try_call("setrlimit of another", syscall(SYS_prlimit64, pid, 0, NULL, bytes));
	try_call("fcntl for signals", fcntl(STDERR_FILENO, F_SETOWN, pid));
	claim(syscall(SYS_newfstatat, AT_FDCWD, "/etc/passwd", bytes, AT_EMPTY_PATH) == -1,
	      "a worker sees no file by its path");
	claim(fcntl(INHERITED, F_GETFD) == -1,
	      "a worker has nothing that snapline was started with");
	claim(mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		   0) == MAP_FAILED,
	      "a worker may not make new code");
}

static void claim_rights(void)
{
	char text[4096];
	int fd = host_open("/proc/self/status");
	struct stat info;

	claim(fd < 0, "a worker's own /proc is not asked for by \"self\"");
	claim(getuid() == 65534 && geteuid() == 65534, "a worker is nobody");
	snprintf(text, sizeof(text), "/proc/%d/status", getpid());
	fd = host_open(text);
	text[fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 ? sizeof(text) - 1 : 0] = '\0';
	claim(strstr(text, "CapEff:\t0000000000000000") &&
		      strstr(text, "CapPrm:\t0000000000000000"),
	      "a worker has no capabilities");
	claim(strstr(text, "NoNewPrivs:\t1") && strstr(text, "Seccomp:\t2"),
	      "a worker can't get any, and is filtered");
	close(fd);
	claim(host_stat("/proc/self/ns/mnt", &info) == 0,
	      "which mount namespace it is, it may know");
}

/* By requests of base/host.h. */

static void may_not_open(const char *text, const char *format, ...)
{
	char path[256];
	va_list args;
	int fd;

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	fd = host_open(path);
	claim(fd < 0, text);
	if (fd >= 0)
		close(fd);
}

static void attack_files(void)
{
	int pid = target_child.pid;
	char path[64], real[PATH_MAX];
	struct strbuf names = {};
	struct stat info;

	may_not_open("no file with passwords", "/etc/shadow");
	may_not_open("no text at all", "/etc/passwd");
	may_not_open("no private program that isn't the target's", "%s", private_elf);
	may_not_open("nor through the target's root", "/proc/%d/root%s", pid, private_elf);
	may_not_open("nor text through it", "/proc/%d/root/etc/passwd", pid);
	may_not_open("no memory as a file", "/proc/%d/mem", pid);
	may_not_open("no environment", "/proc/%d/environ", pid);
	may_not_open("no descriptors", "/proc/%d/fd/0", pid);
	may_not_open("no maps of another process", "/proc/%d/maps", victim);
	may_not_open("not by a detour", "/proc/%d/../%d/maps", pid, victim);
	may_not_open("not by a detour through map_files", "/proc/%d/map_files/../../%d/exe", pid,
		     victim);
	may_not_open("no executable of another process", "/proc/1/exe");
	may_not_open("no thread of the keeper", "/proc/thread-self/mem");
	may_not_open("nothing the keeper has open", "/proc/self/fd/0");
	may_not_open("nothing under a handle that wasn't given", "/proc/self/fd/3/etc/passwd");
	may_not_open("no device", "/dev/mem");
	may_not_open("no folder", "/");
	may_not_open("no relative path", "etc/passwd");
	may_not_open("no empty path", "%s", "");
	claim(host_create("/etc/snapline-was-here") < 0, "no file is written but that of -o");
	claim(host_stat("/etc/shadow", &info) != 0, "what is private isn't even seen");
	claim(!host_list("/root", &names) && !host_list("/etc", &names), "no folder is listed");
	claim(host_keep("/proc/1/root", path) < 0 && host_keep("/", path) < 0,
	      "no root of another process is kept");
	claim(host_read_link("/proc/1/exe", real, sizeof(real)) < 0, "no link of another is read");
	claim(!host_real_path("/etc/shadow", real), "no path of what is private is resolved");
}

/* count shows sources. */
static void read_sources(void)
{
	char path[64];
	int fd = host_open("/etc/passwd");

	claim(fd >= 0, "for a listing, text that everybody may read is opened");
	close(fd);
	may_not_open("but no private text", "/etc/shadow");
	may_not_open("no maps by another spelling", "//proc/%d/maps", victim);
	may_not_open("nor by a detour", "/tmp/../proc/%d/maps", victim);
	may_not_open("nor through the target's root", "/proc/%d/root/proc/%d/maps",
		     target_child.pid, victim);
	may_not_open("no addresses of the kernel", "//proc/kallsyms");
	may_not_open("no device", "/dev/null");
	snprintf(path, sizeof(path), "/proc/%d/comm", getppid());
	claim(host_open(path) < 0, "no name of a process that has nothing to do with it");
	border_done();
	exit(0);
}

static void allowed_files(void)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/exe", target_child.pid);
	fd = host_open(path);
	claim(fd >= 0, "the target's program is opened");
	claim(fd >= 0 && write(fd, "x", 1) < 0, "but not to be written");
	claim(fd >= 0 && mmap(NULL, 4096, PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED,
	      "in no way");
	close(fd);
	snprintf(path, sizeof(path), "/proc/%d/maps", target_child.pid);
	fd = host_open(path);
	claim(fd >= 0, "the target's maps are opened");
	close(fd);
}

static void attack_memory(void)
{
	char stat[HOST_STAT_BYTES];
	u64 word = 0;
	u8 *much = malloc(64 << 20);
	struct wire_memory wanted = {(u64)(uintptr_t)&board, 8, target_child.pid, 0};

	claim(host_read_memory(target_child.pid, (u64)(uintptr_t)&board, &word, sizeof(word)) &&
		      word == (u64)(uintptr_t)board,
	      "the target's memory is read");
	claim(!host_read_memory(victim, (u64)(uintptr_t)&board, &word, sizeof(word)),
	      "another process's memory isn't");
	claim(!host_read_memory(getppid(), (u64)(uintptr_t)&board, &word, sizeof(word)),
	      "the keeper's isn't");
	claim(!host_read_memory(-1, 0, &word, sizeof(word)) &&
		      !host_read_memory(0, 0, &word, sizeof(word)),
	      "no process is no process");
	claim(!host_read_memory(target_child.pid, 0x1000, much, 64 << 20),
	      "nor as much as one likes");
	wanted.len = UINT64_MAX;
	claim(remote_call(WIRE_READ_MEMORY, &wanted, sizeof(wanted), &word, 8) != NULL,
	      "nor of a length that overflows");
	claim(!host_read_resident(victim, (u64)(uintptr_t)&board, &word, 8, stat) &&
		      errno == EACCES,
	      "what another process has in memory isn't told");
	for (int i = 0; i < 2; i++)
		claim(host_read_resident(target_child.pid, (u64)(uintptr_t)&board, &word, 8,
					 stat) &&
			      word == (u64)(uintptr_t)board && atoi(stat) == target_child.pid,
		      "what the target has is, and whose it is");
	claim(!host_read_resident(victim, (u64)(uintptr_t)&board, &word, 8, stat) &&
		      errno == EACCES,
	      "of the target alone");
	claim(!host_read_resident(target_child.pid, 8, &word, 8, stat) && errno == ENODATA,
	      "what isn't in memory is not read");
	free(much);
}

/* By sessions. */

static u64 hit_offset;
static struct load_place place;
static struct load_program program;

static struct load_config good_config(void)
{
	struct load_config config = live_config(&target_child);
	static char path[64];

	snprintf(path, sizeof(path), "/proc/%d/exe", target_child.pid);
	place = config.places[0];
	place.path = path;
	place.offset = place.pc = hit_offset; /* live_config() can't read our own maps here */
	program = (struct load_program){};
	config.places = &place;
	config.programs = &program;
	config.verbose = 0;
	return config;
}

static void may_not_start(const struct load_config *config, const char *text)
{
	struct load_session *session = NULL;
	struct error *err = load_start(config, &session);

	claim(err && strncmp(err->text, "refused", strlen("refused")) == 0, text);
	error_free(err);
}

static void may_not_run(const struct bpf_insn *insns, size_t n, const char *text)
{
	struct load_config config = good_config();

	program.condition = (struct gen_code){insns, n};
	may_not_start(&config, text);
	program.condition.n = 0;
	program.roots = (struct gen_code){insns, n};
	program.n_roots = 1;
	may_not_start(&config, text);
	program.roots.n = program.n_roots = 0;
	program.values = (struct gen_code){insns, n};
	program.n_values = 1;
	may_not_start(&config, text);
}

#define RUN(text, ...)                                                \
	do {                                                          \
		static const struct bpf_insn code_[] = {__VA_ARGS__}; \
		may_not_run(code_, ARRAY_LEN(code_), text);           \
	} while (0)

static void attack_programs(void)
{
	RUN("no program sends a signal", CALL(BPF_FUNC_send_signal), EXIT);
	RUN("no program sends a signal to a thread", CALL(BPF_FUNC_send_signal_thread), EXIT);
	RUN("no program writes to its process", CALL(BPF_FUNC_probe_write_user), EXIT);
	RUN("no program overrides a return", CALL(BPF_FUNC_override_return), EXIT);
	RUN("no program reads the kernel", CALL(BPF_FUNC_probe_read_kernel), EXIT);
	RUN("no program calls the kernel by name", {.code = BPF_JMP | BPF_CALL, .src_reg = 2},
	    EXIT);
	RUN("no program calls another function", {.code = BPF_JMP | BPF_CALL, .src_reg = 1}, EXIT);
	RUN("no program takes a map",
	    {.code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = 1, .src_reg = 1, .imm = 3}, {}, EXIT);
	RUN("no program writes registers",
	    {.code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = 1, .off = 80, .imm = 1}, EXIT);
	RUN("no program writes registers by another name",
	    {.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 8, .src_reg = 1},
	    {.code = BPF_STX | BPF_MEM | BPF_DW, .dst_reg = 8, .src_reg = 2, .off = 80}, EXIT);
	RUN("no program has atomic operations",
	    {.code = BPF_STX | BPF_XADD | BPF_DW, .dst_reg = 10, .src_reg = 1, .off = -8}, EXIT);
}

static void attack_sessions(void)
{
	static const struct read_node node = {.size = 8, .n_edges = 1, .first_edge = 16000};
	struct load_config config = good_config();

	config.filter = LOAD_ANY;
	may_not_start(&config, "no session on all processes");
	config.filter = LOAD_FOLLOW;
	may_not_start(&config, "no session that follows, if it wasn't asked for");
	config.filter = 77;
	may_not_start(&config, "no session of an unknown kind");
	config = good_config();
	config.pids = &victim;
	may_not_start(&config, "no session on another process");
	config = good_config();
	place.path = private_elf;
	may_not_start(&config, "no probe in a file that isn't the target's");
	place.path = "/etc/passwd";
	may_not_start(&config, "no probe in what is no program");
	config = good_config();
	config.instrument = 9;
	may_not_start(&config, "no unknown instrument");
	config.instrument = LOAD_CALLS;
	may_not_start(&config, "no session links, if no function is to be timed");
	config = good_config();
	program.n_values = 1;
	program.value_slots[0].at = UINT32_MAX;
	may_not_start(&config, "no records of any size");
	config = good_config();
	config.nodes = &node;
	config.n_nodes = 1;
	may_not_start(&config, "no walk that leaves its table");
	config = good_config();
	config.buffer_bytes = 1 << 30;
	may_not_start(&config, "no rings of any size");
	config = good_config();
	config.counting.keys = UINT32_MAX;
	may_not_start(&config, "no maps of any size");
	config.counting = (struct load_counting){.keys = 1000, .histogram = true};
	may_not_start(&config, "no histograms, if none are asked for");
}

static void attack_form(void)
{
	struct load_config config = good_config();
	struct strbuf bytes = {};
	u64 random = 88172645463325252ull;
	bool good = true;
	u32 n;

	claim(remote_call(WIRE_STOP, NULL, 0, NULL, 0) != NULL, "no session, nothing to stop");
	claim(remote_call(WIRE_START, "abc", 3, NULL, 0) != NULL, "a start cut short");
	wire_put_config(&bytes, &config);
	for (size_t len = 0; len < bytes.len; len += 7) {
		struct error *err = remote_call(WIRE_START, bytes.text, len, NULL, 0);

		good = good && err;
		error_free(err);
	}
	claim(good, "a start cut short anywhere");
	for (int round = 0; round < 2000; round++) {
		char mangled[4096];
		size_t len = min_u64(bytes.len, sizeof(mangled));

		memcpy(mangled, bytes.text, len);
		for (int i = 0; i < 4; i++) {
			random ^= random << 13, random ^= random >> 7, random ^= random << 17;
			mangled[random % len] ^= (char)(random >> 32);
		}
		n = (u32)(random % WIRE_BYE);
		if (n != WIRE_START)
			error_free(remote_call(n, mangled, len, NULL, 0));
	}
	claim(proc_exists(target_child.pid), "requests of random bytes harm nobody");
	strbuf_free(&bytes);
}

/* After all that the keeper still does what it is there for. */
static void use_as_meant(void)
{
	struct load_config config = good_config();
	struct load_session *session;
	const struct record_head *record;
	struct load_counts counts = {};
	struct error *err = load_start(&config, &session);
	u64 end = clock_now() + 5000000000ull, seen = 0, hits[1];
	int pid = victim;

	if (!err)
		err = load_attach(session);
	claim(!err, err ? err->text : "a session on the target starts");
	if (err)
		return;
	claim(load_add_pid(session, pid) != NULL, "no other process is added to it");
	claim(load_start(&config, &session) != NULL, "there is one session, not two");
	place.index = 1;
	place.path = private_elf;
	claim(load_attach_more(session, &place, 1) != NULL, "no place elsewhere is added to it");
	place.probe = UINT32_MAX;
	claim(load_attach_more(session, &place, 1) != NULL, "no probe that doesn't exist");
	board->ready = 1; /* the pipe to the target isn't open here */
	while (seen < 10 && clock_now() < end) {
		error_free(load_next(session, 50, -1, &record));
		seen += record != NULL;
	}
	load_stop(session);
	load_counts(session, 0, &counts);
	claim(seen >= 10 && counts.hits >= seen, "and its records come");
	memset(hits, 0xff, sizeof(hits));
	load_place_hits(session, hits, 1);
	claim(hits[0] == 0, "what another instrument has isn't there");
	load_free(session);
}

/* list, explain and replay attach nothing. */
static void only_read(void)
{
	struct load_config config = good_config();
	struct load_session *session;
	struct load_costs costs;

	claim(load_start(&config, &session) != NULL, "what only reads starts no session");
	claim(remote_fd(WIRE_WATCH, "\0\0\0", 4) < 0, "is told of no process's mappings");
	load_measure_costs(&costs);
	claim(!costs.known, "and measures nothing");
	claim(host_create("/tmp/snapline-was-here") < 0, "it writes no file");
	may_not_open("and opens no private one", "%s", private_elf);
	border_done();
	exit(0);
}

static void be_hostile(void)
{
	attack_by_calls();
	claim_rights();
	attack_files();
	allowed_files();
	attack_memory();
	attack_programs();
	attack_sessions();
	attack_form();
	use_as_meant();
	border_done();
	exit(0);
}

/* A worker that doesn't stop when time is up. */
static void overstay(void)
{
	struct load_config config = good_config();
	struct load_session *session;
	struct error *err = load_start(&config, &session);

	if (!err)
		err = load_attach(session);
	claim(!err && load_attached(session) == 1, "probes stand");
	for (int i = 0; !err && i < WAIT_SECONDS && load_attached(session); i++)
		sleep(1);
	claim(!err && load_attached(session) == 0, "and are taken out when their time is up");
	border_done();
	exit(0);
}

/* Workers that come to a bad end while they read a file. */

static void read_program(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/exe", target_child.pid);
	if (host_open(path) < 0)
		exit(9);
}

static void crash(void)
{
	read_program();
	raise(SIGSEGV);
}

static void loop(void)
{
	read_program();
	for (volatile u64 i = 0;; i++)
		;
}

static void eat_memory(void)
{
	read_program();
	for (;;) {
		void *more = malloc(1 << 20);

		if (!more)
			error_no_memory();
		memset(more, 1, 1 << 20);
	}
}

static void leave(void)
{
	read_program();
	exit(0);
}

static void wait_for_ever(void)
{
	for (;;)
		pause();
}

static void break_form(void)
{
	read_program();
	error_free(remote_call(WIRE_REQUESTS, NULL, 0, NULL, 0));
	wait_for_ever();
}

static void send_descriptor(void)
{
	struct parcel parcel = {.number = WIRE_STAT, .fds = {STDERR_FILENO}, .n_fds = 1};

	read_program();
	for (int fd = STDERR_FILENO + 1; fd < 16; fd++)
		channel_send(fd, 0, &parcel); /* one of them is the socket */
	wait_for_ever();
}

/* Says that much more comes, and sends it in crumbs. */
static void send_crumbs(void)
{
	const struct {
		u32 number, unused;
		u64 len;
	} head = {WIRE_STAT, 0, 1 << 20};
	char packet[sizeof(head) + (64 << 10)] = {};

	read_program();
	memcpy(packet, &head, sizeof(head));
	for (int fd = STDERR_FILENO + 1; fd < 16; fd++) {
		send(fd, packet, sizeof(packet), MSG_NOSIGNAL);
		send(fd, packet, 1, MSG_NOSIGNAL);
	}
	wait_for_ever();
}

/* The same in full packets, slowly. */
static void send_slowly(void)
{
	enum { PACKETS = 1024 };
	const struct {
		u32 number, unused;
		u64 len;
	} head = {WIRE_STAT, 0, (u64)PACKETS << 16};
	char packet[sizeof(head) + (64 << 10)] = {};

	read_program();
	memcpy(packet, &head, sizeof(head));
	for (int fd = STDERR_FILENO + 1; fd < 16; fd++)
		send(fd, packet, sizeof(packet), MSG_NOSIGNAL);
	for (int i = 1; i < PACKETS; i++) {
		sleep(1);
		for (int fd = STDERR_FILENO + 1; fd < 16; fd++)
			send(fd, packet, 64 << 10, MSG_NOSIGNAL);
	}
}

static void ignore_signals(void)
{
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	read_program();
	wait_for_ever();
}

static void only_wait(void)
{
	read_program();
	wait_for_ever();
}

static void finish(void)
{
	border_done();
	exit(4);
}

struct scenario {
	const char *name;
	void (*act)(void);
	int status;	     /* of the keeper */
	const char *message; /* in what it says; NULL: nothing is said */
	struct border_limits limits;
	u64 duration_ns; /* -d */
	enum instrument instrument;
	bool only_reads; /* as list, explain and replay */
};

static struct target *find_target(struct arena *arena, struct target_spec *spec)
{
	struct target *target = NULL;
	struct error *err;

	*spec = (struct target_spec){.kind = TARGET_PIDS, .pids = &target_child.pid, .n_pids = 1};
	err = target_find(spec, arena, &target);
	if (!err)
		return target;
	error_print(err, stdout);
	exit(1);
}

static void __attribute__((noreturn)) become(const struct scenario *scenario, int out)
{
	struct arena *arena = arena_new();
	struct target_spec wanted;
	struct target *target = find_target(arena, &wanted);
	struct spec spec = {.instrument = scenario->instrument,
			    .target = wanted,
			    .limits = {.duration_ns = scenario->duration_ns}};
	struct error *err;

	dup2(out, STDERR_FILENO);
	dup2(out, INHERITED);
	err = scenario->only_reads ? border_cross_to_read(&spec, target, -1)
				   : border_cross(&spec, target, NULL, &scenario->limits);
	if (err) {
		error_print(err, stderr);
		exit(8);
	}
	board->worker = (u32)getpid();
	scenario->act();
	exit(7);
}

/* Its status as waitpid() gives it; what it said in *text. */
static int run(const struct scenario *scenario, void (*meanwhile)(pid_t keeper), char *text,
	       size_t size)
{
	int status = -1, fd = memfd_create("said", MFD_CLOEXEC);
	ssize_t len;
	pid_t keeper;

	board->worker = 0;
	fflush(stdout);
	keeper = fork();
	if (!keeper)
		become(scenario, fd);
	if (meanwhile)
		meanwhile(keeper);
	for (int i = 0; i < WAIT_SECONDS * 100 && waitpid(keeper, &status, WNOHANG) == 0; i++)
		usleep(10000);
	kill(keeper, SIGKILL);
	len = pread(fd, text, size - 1, 0);
	text[len > 0 ? len : 0] = '\0';
	close(fd);
	return status;
}

static bool is_alive(pid_t pid)
{
	return pid > 0 && !proc_ended(pid);
}

static void release_target(pid_t keeper)
{
	for (int i = 0; i < WAIT_SECONDS * 100 && !board->ready; i++)
		usleep(10000);
	live_go(&target_child);
}

static void test_hostile(void)
{
	const struct scenario scenario = {.name = "hostile", .act = be_hostile};
	char text[4096];
	int status = run(&scenario, release_target, text, sizeof(text));

	for (u32 i = 0; i < board->n; i++)
		live_ok(board->claims[i].good, "%s", board->claims[i].text);
	live_ok(status == 0 && !*text, "the keeper outlives a hostile worker: status %x %s", status,
		text);
	live_ok(is_alive(target_child.pid) && is_alive(victim), "so do the target and the others");
}

static void test_sources(void)
{
	const struct scenario scenario = {
		.name = "sources", .act = read_sources, .instrument = INSTRUMENT_COUNT};
	u32 before = board->n;
	char text[4096];
	int status = run(&scenario, NULL, text, sizeof(text));

	for (u32 i = before; i < board->n; i++)
		live_ok(board->claims[i].good, "%s", board->claims[i].text);
	live_ok(status == 0 && board->n > before, "files for a listing: status %x %s", status,
		text);
}

static void test_reads(void)
{
	const struct scenario scenario = {.name = "reads", .act = only_read, .only_reads = true};
	const struct scenario crashes = {.name = "crashes", .act = crash, .only_reads = true};
	u32 before = board->n;
	char text[4096];
	int status = run(&scenario, NULL, text, sizeof(text));

	for (u32 i = before; i < board->n; i++)
		live_ok(board->claims[i].good, "%s", board->claims[i].text);
	live_ok(status == 0 && board->n > before, "what only reads: status %x %s", status, text);
	status = run(&crashes, NULL, text, sizeof(text));
	live_ok(WIFEXITED(status) && WEXITSTATUS(status) == 1 && strstr(text, "crashed") &&
			!strstr(text, "Probes"),
		"and its crash is an error, too");
}

/* A child that waits, with that number; 0: with any. */
static pid_t fork_as(pid_t number)
{
	struct clone_args args = {.exit_signal = SIGCHLD};
	pid_t pid;

	if (number) {
		args.set_tid = (u64)(uintptr_t)&number;
		args.set_tid_size = 1;
	}
	pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	while (pid == 0)
		pause();
	return pid;
}

/* -1 would be everybody. */
static void end(pid_t pid)
{
	if (pid <= 1)
		return;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* What is remembered of a process isn't the number's. */
static void try_numbers(pid_t first)
{
	static const struct target_spec spec = {.kind = TARGET_PIDS};
	struct target_process process = {.pid = first};
	const struct target target = {.spec = &spec, .processes = &process, .n_processes = 1};
	const struct permit_terms terms = {.target = &target};
	struct permit *permit = permit_new(&terms);
	pid_t second;

	error_free(proc_start_time(first, &process.start_time));
	live_ok(permit_process(permit, first) && permit_process(permit, first),
		"the target may be asked for, again and again");
	live_ok(!permit_process(permit, victim), "another process may not");
	end(first);
	live_ok(!permit_process(permit, first), "nor may the target when it is gone");
	usleep(30000); /* start times are told by 10 ms */
	second = fork_as(first);
	live_ok(!permit_process(permit, first), "nor who has its number then%s",
		second == first ? "" : " # SKIP the kernel gives no number that is asked for");
	end(second);
	permit_free(permit);
}

static void test_numbers(void)
{
	pid_t first = fork_as(0);

	if (first > 0)
		try_numbers(first);
	else
		live_ok(false, "a process is made");
}

static void test_overstays(void)
{
	const struct scenario scenario = {
		.name = "overstays", .act = overstay, .duration_ns = 100000000};
	u32 before = board->n;
	char text[4096];
	int status = run(&scenario, NULL, text, sizeof(text));

	for (u32 i = before; i < board->n; i++)
		live_ok(board->claims[i].good, "%s", board->claims[i].text);
	live_ok(status == 0 && board->n == before + 2, "whatever the worker does");
}

static void test_ends(void)
{
	static const struct scenario scenarios[] = {
		{"a worker that crashes", crash, 1, "crashed (Segmentation fault)"},
		{"a worker that loops", loop, 1, "came to no end", {.stuck_ns = 300000000}},
		{"a worker that eats memory",
		 eat_memory,
		 1,
		 "out of memory",
		 {.sandbox = {.memory_bytes = 512 << 20}}},
		{"a worker that leaves without a word", leave, 1, "gave up"},
		{"a worker that asks for what doesn't exist", break_form, 1, "was ended"},
		{"a worker that sends descriptors", send_descriptor, 1, "was ended"},
		{"a worker that sends crumbs", send_crumbs, 1, "was ended"},
		{"a worker that keeps the keeper listening", send_slowly, 1, "was ended"},
	};
	char text[4096], file[PATH_MAX] = "";

	if (readlink("/proc/self/exe", file, sizeof(file) - 1) <= 0) /* the target's, too */
		exit(1);
	for (size_t i = 0; i < ARRAY_LEN(scenarios); i++) {
		int status = run(&scenarios[i], NULL, text, sizeof(text));

		live_ok(WIFEXITED(status) && WEXITSTATUS(status) == scenarios[i].status &&
				strstr(text, scenarios[i].message) && strstr(text, file),
			"%s is an error that names the file", scenarios[i].name);
		printf("# status %x: %s", status, text);
		live_ok(is_alive(target_child.pid), "and the target runs on");
	}
}

static void test_status(void)
{
	const struct scenario scenario = {.name = "done", .act = finish};
	char text[4096];
	int status = run(&scenario, NULL, text, sizeof(text));

	live_ok(WIFEXITED(status) && WEXITSTATUS(status) == 4 && !*text,
		"a worker's own status is the program's");
}

static void await_worker(void)
{
	for (int i = 0; i < WAIT_SECONDS * 100 && !*(volatile u32 *)&board->worker; i++)
		usleep(10000);
	usleep(100000);
}

static void kill_keeper(pid_t keeper)
{
	await_worker();
	kill(keeper, SIGKILL);
}

static void interrupt_keeper(pid_t keeper)
{
	await_worker();
	kill(keeper, SIGTERM);
}

static void interrupt_twice(pid_t keeper)
{
	interrupt_keeper(keeper);
	usleep(300000);
	kill(keeper, SIGTERM);
}

static void kill_worker(pid_t keeper)
{
	await_worker();
	kill((pid_t)board->worker, SIGKILL);
}

static bool worker_goes(void)
{
	for (int i = 0; i < WAIT_SECONDS * 100 && !proc_ended((int)board->worker); i++)
		usleep(10000);
	return proc_ended((int)board->worker);
}

static void test_killed(void)
{
	const struct scenario scenario = {.name = "waits", .act = only_wait};
	const struct scenario deaf = {.name = "hears nothing", .act = ignore_signals};
	char text[4096];
	int status;

	run(&scenario, kill_keeper, text, sizeof(text));
	live_ok(worker_goes(), "the worker ends with the keeper");
	status = run(&scenario, interrupt_keeper, text, sizeof(text));
	live_ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM && worker_goes(),
		"a signal to the keeper reaches the worker, and ends both alike");
	status = run(&deaf, interrupt_twice, text, sizeof(text));
	live_ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM && worker_goes(),
		"a second signal ends both, though the worker takes none");
	status = run(&scenario, kill_worker, text, sizeof(text));
	live_ok(WIFEXITED(status) && WEXITSTATUS(status) == 1 && strstr(text, "Killed"),
		"a worker that is killed is an error");
}

static void work(u64 *shared, u64 n)
{
	for (u64 i = 1;; i++) {
		live_hit(i, NULL);
		usleep(1000);
	}
}

static pid_t fork_victim(void)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	for (;;)
		pause();
}

static void copy_private_elf(void)
{
	char command[200];

	snprintf(private_elf, sizeof(private_elf), "/tmp/snapline-border-%d", getpid());
	snprintf(command, sizeof(command), "install -m 600 /bin/true %s", private_elf);
	if (system(command))
		exit(1);
}

int main(void)
{
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	if (board == MAP_FAILED)
		return 1;
	copy_private_elf();
	hit_offset = live_offset(live_hit);
	target_child = live_fork(work, 0);
	victim = fork_victim();
	test_hostile();
	test_sources();
	test_reads();
	test_numbers();
	test_overstays();
	test_ends();
	test_status();
	test_killed();
	kill(victim, SIGKILL);
	live_kill(&target_child);
	unlink(private_elf);
	return live_plan();
}
