/* SPDX-License-Identifier: BSD-2-Clause */
#include "live.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

asm(".text\n.globl live_hit, live_hit2, live_many\n"
    ".type live_hit, @function\nlive_hit: nop\nret\n.size live_hit, . - live_hit\n"
    ".type live_hit2, @function\nlive_hit2: nop\nret\n.size live_hit2, . - live_hit2\n"
#ifdef __aarch64__
    ".globl live_refused\nlive_refused: ldxr x1, [x0]\nret\n"
#else
    ".globl live_refused\nlive_refused: lock incl -8(%rsp)\nret\n"
#endif
    ".balign 16\nlive_many:\n.rept 40\nnop\nret\n.balign 16\n.endr\n");

static int n_tests, n_failed;

u64 live_offset(const void *function)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long start, end, offset;
	char line[512];
	u64 found = 0;

	while (maps && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %*s %lx", &start, &end, &offset) == 3 &&
		    (u64)function >= start && (u64)function < end)
			found = (u64)function - start + offset;
	}
	if (maps)
		fclose(maps);
	return found;
}

static struct live_child fork_child(void (*work)(u64 *shared, u64 argument), u64 argument,
				    bool under)
{
	struct live_child child = {};
	int go[2];
	char c;

	child.shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (child.shared == MAP_FAILED || pipe(go))
		abort();
	child.pid = fork();
	if (!child.pid) {
		close(go[1]);
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* also when a test is interrupted */
		if (under && fork()) {
			wait(NULL);
			_exit(0);
		}
		if (read(go[0], &c, 1) == 1)
			work(child.shared, argument);
		_exit(0);
	}
	close(go[0]);
	child.go = go[1];
	return child;
}

struct live_child live_fork(void (*work)(u64 *shared, u64 argument), u64 argument)
{
	return fork_child(work, argument, false);
}

struct live_child live_fork_under(void (*work)(u64 *shared, u64 argument), u64 argument)
{
	struct live_child child = fork_child(work, argument, true);

	usleep(50000); /* for its fork; later is fine too */
	return child;
}

void live_go(struct live_child *child)
{
	if (write(child->go, "g", 1) != 1)
		abort();
}

bool live_ended(struct live_child *child)
{
	if (child->pid && waitpid(child->pid, NULL, WNOHANG) != child->pid)
		return false;
	if (child->pid)
		close(child->go);
	child->pid = 0;
	return true;
}

void live_kill(struct live_child *child)
{
	if (!child->pid)
		return;
	kill(child->pid, SIGKILL);
	waitpid(child->pid, NULL, 0);
	close(child->go);
	child->pid = 0;
}

struct load_config live_config(const struct live_child *child)
{
	static struct load_program program;
	static struct load_place place;

	program = (struct load_program){};
	place = (struct load_place){
		.path = "/proc/self/exe",
		.offset = live_offset(live_hit),
		.pc = live_offset(live_hit),
	};
	return (struct load_config){
		.programs = &program,
		.n_programs = 1,
		.places = &place,
		.n_places = 1,
		.n_probes = 1,
		.filter = child ? LOAD_PIDS : LOAD_ANY,
		.pids = child ? &child->pid : NULL,
		.n_pids = !!child,
		.verbose = 1,
	};
}

struct load_session *live_start(const struct load_config *config)
{
	struct load_session *session;
	struct error *err = load_start(config, &session);

	if (!err)
		err = load_attach(session);
	if (err) {
		error_print(err, stdout);
		exit(1);
	}
	return session;
}

struct live_result live_run(const struct load_config *config, struct live_child *child,
			    void (*see)(const struct record_head *record, void *context),
			    void *context)
{
	struct load_session *session = live_start(config);
	const struct record_head *record;
	struct live_result result = {};
	bool stopped = false;

	live_go(child);
	for (;;) {
		error_free(load_next(session, 50, -1, &record));
		if (record) {
			result.delivered++;
			if (see)
				see(record, context);
			continue;
		}
		if (stopped)
			break;
		stopped = live_ended(child);
		if (stopped)
			load_stop(session);
	}
	load_counts(session, 0, &result.counts);
	load_free(session);
	return result;
}

bool live_sum_holds(const struct load_counts *c)
{
	printf("# hits %lu = over_limit %lu + error %lu + false %lu + rate %lu + full %lu + "
	       "emitted "
	       "%lu\n",
	       c->hits, c->over_limit, c->condition_error, c->condition_false, c->rate_limited,
	       c->buffer_full, c->emitted);
	return c->hits == c->over_limit + c->condition_error + c->condition_false +
				  c->rate_limited + c->buffer_full + c->emitted;
}

void live_ok(bool good, const char *format, ...)
{
	va_list args;

	n_failed += !good;
	printf("%s %d - ", good ? "ok" : "not ok", ++n_tests);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
}

int live_plan(void)
{
	printf("1..%d\n", n_tests);
	return n_failed ? 1 : 0;
}

const struct gen_code *live_every(u32 n)
{
	static struct bpf_insn insns[] = {
		{.code = BPF_LDX | BPF_MEM | BPF_DW, .dst_reg = 3, .src_reg = 1, .off = 8 * LIVE_ARG1},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0},
		{.code = BPF_ALU64 | BPF_MOD | BPF_K, .dst_reg = 3},
		{.code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = 3, .off = 1, .imm = 0},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 1},
		{.code = BPF_JMP | BPF_EXIT},
	};
	static const struct gen_code code = {insns, ARRAY_LEN(insns)};

	insns[2].imm = n;
	return &code;
}

const struct gen_code *live_answer(u32 answer)
{
	static struct bpf_insn insns[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	static const struct gen_code code = {insns, ARRAY_LEN(insns)};

	insns[0].imm = answer;
	return &code;
}

const struct gen_code *live_root(void)
{
	static const struct bpf_insn insns[] = {
		{.code = BPF_LDX | BPF_MEM | BPF_DW, .dst_reg = 4, .src_reg = 1, .off = 8 * LIVE_ARG2},
		{.code = BPF_STX | BPF_MEM | BPF_DW, .dst_reg = 3, .src_reg = 4},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	static const struct gen_code code = {insns, ARRAY_LEN(insns)};

	return &code;
}
