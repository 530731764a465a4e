/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random expressions on random memory, three times: by the C compiler, by expr_eval(), and by the
 * generated instructions in the kernel. Prints TAP. usage: property SEED COUNT
 */
#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "generate.h"
#include "kernel.h"
#include "scope.h"

enum { FILLS = 4, PAGE = 4096, PAGES = 4, GUARD = 64 * 1024, SHOWN = 5 };

struct property {
	struct generator generator;
	size_t n;
	char **ours;
	struct world *world; /* in the middle of readable memory with none around it */
	char *memory;
	struct world fills[FILLS];
	struct world_scope scope;
	bool has_signed_division;
	void *library;
	void (*oracle_memory)(const struct world *world, const char *start, size_t len);
	long (*oracle_run)(size_t i, int *error);
	size_t eval_wrong, code_wrong, code_loaded, code_refused, load_failed, errors, runs,
		constant_divisions;
	bool no_kernel;
};

static void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

static void make_memory(struct property *p)
{
	size_t size = PAGES * PAGE + 2 * GUARD;
	char *map = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED || mprotect(map + GUARD, PAGES * PAGE, PROT_READ | PROT_WRITE))
		die("memory");
	p->memory = map + GUARD;
	memset(p->memory, 0x5a, PAGES * PAGE);
	p->world = (struct world *)(p->memory + PAGE);
	for (unsigned i = 0; i < FILLS; i++) {
		generate_world(&p->generator, p->world);
		p->fills[i] = *p->world;
	}
}

/* The generated C file; each expression is a function. */
static void write_oracle(struct property *p, const char *path)
{
	FILE *file = fopen(path, "w");

	if (!file)
		die(path);
	fputs("#include \"oracle.h\"\n", file);
	for (size_t i = 0; i < p->n; i++) {
		generate_expression(&p->generator, 1 + generate_below(&p->generator, 4));
		p->ours[i] = strdup(p->generator.ours.text);
		fprintf(file, "static long e%zu(void) { return (long)(%s); }\n", i,
			p->generator.oracle.text);
	}
	fputs("long (*const expressions[])(void) = {\n", file);
	for (size_t i = 0; i < p->n; i++)
		fprintf(file, "e%zu,\n", i);
	fputs("};\n", file);
	if (fclose(file))
		die(path);
}

static void compile_oracle(struct property *p)
{
	char folder[] = "/tmp/snapline-expr-XXXXXX", source[64], library[64], command[512];
	const char *cc = getenv("CC");

	if (!mkdtemp(folder))
		die(folder);
	snprintf(source, sizeof(source), "%s/oracle.c", folder);
	snprintf(library, sizeof(library), "%s/oracle.so", folder);
	write_oracle(p, source);
	snprintf(command, sizeof(command),
		 "%s -std=gnu11 -D_GNU_SOURCE -O0 -w -fwrapv -fno-strict-overflow "
		 "-fno-strict-aliasing -fPIC -shared "
		 "-Itests/expr -o %s %s",
		 cc ? cc : "gcc", library, source);
	if (system(command))
		die("the C compiler refused the expressions");
	p->library = dlopen(library, RTLD_NOW);
	if (!p->library)
		die(dlerror());
	p->oracle_memory = dlsym(p->library, "oracle_memory");
	p->oracle_run = dlsym(p->library, "oracle_run");
	unlink(source);
	unlink(library);
	rmdir(folder);
}

static enum absence read_world(void *context, u64 address, void *bytes, size_t len,
			       enum image_origin *origin)
{
	struct property *p = context;
	u64 offset = address - (u64)p->memory;

	if (offset >= PAGES * PAGE || len > PAGES * PAGE - offset)
		return ABSENT_BAD_ADDRESS;
	memcpy(bytes, p->memory + offset, len);
	*origin = IMAGE_HIT;
	return PRESENT;
}

static bool evaluate(struct property *p, const struct expr *expr, struct arena *arena, long *value)
{
	struct image *image = image_new(arena);
	struct bay_env bay = world_env();
	struct expr_env env = {bay.pid,	 bay.tid,     bay.cpu, bay.time,
			       bay.hits, bay.elapsed, bay.comm};
	struct expr_result result;
	struct frame_regs regs;
	struct loc_context context;

	image_set_reader(image, read_world, p);
	world_regs(p->world, (u64)p->world, &regs);
	context = world_context(&p->scope, &regs, image, arena);
	expr_eval(expr, &context, &env, &result);
	memcpy(value, result.bytes, sizeof(*value));
	return result.absence == PRESENT && !result.error;
}

static struct error *parse(struct property *p, const char *text, struct arena *arena,
			   struct expr **typed)
{
	struct expr *tree;
	struct error *err = expr_parse(text, arena, &tree);

	return err ? err : expr_type(tree, text, &p->scope.scope, arena, typed);
}

/* A constant division by zero is refused when typing. */
static bool is_constant_division(const struct error *err)
{
	return err && !strcmp(err->text, "division by zero");
}

static void check_eval(struct property *p, size_t i, long want, bool want_error)
{
	struct arena *arena = arena_new();
	const char *text = arena_printf(arena, "(long)(%s)", p->ours[i]);
	struct expr *typed;
	struct error *err = parse(p, text, arena, &typed);
	long have = 0;
	bool ok = !err && evaluate(p, typed, arena, &have);

	if (is_constant_division(err)) {
		p->constant_divisions++;
		ok = false;
		want_error = true;
		error_free(err);
		err = NULL;
	}
	if ((err || ok == want_error || (ok && have != want)) && p->eval_wrong++ < SHOWN) {
		printf("# %s\n# compiler: %ld%s, evaluator: %ld%s\n", p->ours[i], want,
		       want_error ? " (error)" : "", have, ok ? "" : " (error)");
		if (err)
			error_print(err, stdout);
		else
			printf("# %s\n", expr_dump(typed, arena));
	}
	error_free(err);
	arena_free(arena);
}

static void make_context(struct property *p, struct kernel_context *context)
{
	const struct arch *arch = p->scope.scope.arch;
	struct frame_regs regs;

	*context = (struct kernel_context){.env = world_env()};
	world_regs(p->world, (u64)p->world, &regs);
	for (unsigned i = 0; i < arch->n_dwarf_regs; i++)
		if (arch->dwarf_slot[i] >= 0)
			context->slots[arch->dwarf_slot[i]] = regs.value[i];
}

static void check_run(struct property *p, size_t i, int program, long expect, int want)
{
	struct kernel_context context;
	int have;

	make_context(p, &context);
	memcpy((char *)p->world + (s64)WORLD_EXPECT, &expect, sizeof(expect));
	have = kernel_run(program, &context);
	p->runs++;
	if (have != want && p->code_wrong++ < SHOWN)
		printf("# (long)(%s) == %ld\n# is %d in the kernel, should be %d\n", p->ours[i],
		       expect, have, want);
}

static int load_condition(struct property *p, size_t i, struct arena *arena)
{
	static char log[1 << 20];
	const char *text = arena_printf(arena, "(long)(%s) == expect", p->ours[i]);
	struct gen_code code;
	struct expr *typed;
	struct error *err = parse(p, text, arena, &typed);
	int program;

	p->scope.place.features.signed_division = p->has_signed_division && i % 2;
	if (!err)
		err = gen_condition(typed, text, &p->scope.place, arena, &code);
	if (err) {
		if (!is_constant_division(err) && p->code_refused++ < SHOWN)
			error_print(err, stdout);
		error_free(err);
		return -1;
	}
	program = kernel_load(&code, log, sizeof(log));
	if (program < 0 && program != -EPERM && p->load_failed++ < SHOWN) {
		size_t len = strlen(log), from = len > 1500 ? len - 1500 : 0;

		printf("# %s\n%s\n%s\n", text, gen_listing(&code, arena), log + from);
	}
	p->no_kernel |= program == -EPERM;
	return program;
}

static void check_expression(struct property *p, size_t i)
{
	struct arena *arena = arena_new();
	int program = p->no_kernel ? -1 : load_condition(p, i, arena);

	p->code_loaded += program >= 0;
	for (unsigned fill = 0; fill < FILLS; fill++) {
		int error;
		long want;

		*p->world = p->fills[fill];
		want = p->oracle_run(i, &error);
		p->errors += error != 0;
		check_eval(p, i, want, error);
		if (program < 0)
			continue;
		check_run(p, i, program, want, error ? BAY_ERROR : BAY_TRUE);
		check_run(p, i, program, want ^ (1L << generate_below(&p->generator, 64)),
			  error ? BAY_ERROR : BAY_FALSE);
	}
	if (program >= 0)
		close(program);
	arena_free(arena);
}

/* Does this kernel take the instruction of 6.6? */
static bool try_signed_division(void)
{
	struct bpf_insn insns[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 7},
		{.code = BPF_ALU64 | BPF_DIV | BPF_K, .off = 1, .imm = 2},
		{.code = BPF_JMP | BPF_EXIT},
	};
	struct gen_code code = {insns, ARRAY_LEN(insns)};
	char log[4096];
	int program = kernel_load(&code, log, sizeof(log));

	if (program >= 0)
		close(program);
	return program >= 0;
}

/* A root: the address of an lvalue, or the pointer in a variable. */
struct root_case {
	const char *text;
	bool is_value, is_skipped;
	u64 want;
};

static void make_root(struct property *p, struct root_case *wanted, struct arena *arena,
		      struct gen_root *root)
{
	struct expr *typed = NULL;
	struct error *err = parse(p, wanted->text, arena, &typed);

	if (err)
		die(err->text);
	if (wanted->is_value)
		*root = (struct gen_root){typed->loc, typed->frame_base, true, 8, NULL};
	else
		*root = (struct gen_root){.lvalue = typed};
}

static bool run_roots(struct property *p, const struct gen_code *code,
		      struct kernel_context *context)
{
	static char log[1 << 20];
	int program = kernel_load(code, log, sizeof(log));
	int result = program < 0 ? program : kernel_run(program, context);

	if (program >= 0)
		close(program);
	if (result)
		printf("# %d %s\n", result, log);
	return !result;
}

/* Addresses that are computed, read on the way, can't be read (0), can't be compiled (skipped, 0).
 */
static bool check_roots(struct property *p)
{
	struct world *w = p->world;
	struct root_case cases[] = {
		{"p", true, false, 0},
		{"bytes", true, false, 0},
		{"r2", true, false, 0},
		{"entry", true, true, 0},
		{"vector", true, true, 0},
		{"buffer", false, false, (u64)&w->buffer},
		{"node.grid[1]", false, false, (u64)&w->node.grid[1]},
		{"p->where->y", false, false, 0},
		{"wild->next->value", false, false, 0},
		{"null->at", false, false, offsetof(struct node, at)},
		{"array[sj & 3]", false, false, 0},
		{"r1", false, true, 0},
		{"pair.x", false, true, 0},
		{"ip[wild->value]", false, false, 0},
	};
	struct gen_root roots[ARRAY_LEN(cases)];
	bool skipped[ARRAY_LEN(cases)], ok = true;
	struct arena *arena = arena_new();
	struct kernel_context context;
	struct gen_code code;
	struct error *err;

	*w = p->fills[0];
	w->p = &w->nodes[1];
	cases[0].want = (u64)w->p;
	cases[1].want = (u64)w->bytes;
	cases[2].want = w->r2;
	cases[7].want = (u64)&w->p->where->y;
	cases[10].want = (u64)&w->array[w->sj & 3];
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		make_root(p, &cases[i], arena, &roots[i]);
	err = gen_roots(roots, ARRAY_LEN(cases), &p->scope.place, arena, &code, skipped);
	if (err)
		die(err->text);
	make_context(p, &context);
	memset(context.roots, 0x77, sizeof(context.roots));
	ok = run_roots(p, &code, &context);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (skipped[i] != cases[i].is_skipped ||
		    context.roots[i].address != cases[i].want) {
			printf("# root %s: 0x%" PRIx64 "%s, should be 0x%" PRIx64 "\n",
			       cases[i].text, (u64)context.roots[i].address,
			       skipped[i] ? " (skipped)" : "", cases[i].want);
			ok = false;
		}
	arena_free(arena);
	return ok;
}

/* Numbers, addresses, what can't be read and what can't be computed, each on its own. */
static bool check_values(struct property *p)
{
	struct world *w = p->world;
	struct value_case {
		const char *text;
		bool is_address;
		u64 bits;
		u32 state;
	} cases[] = {
		{"sj", false, 0, VALUE_OK},
		{"si / sj", false, 0, VALUE_DIVISION},
		{"null->value", false, 0, VALUE_UNREADABLE},
		{"node", true, (u64)&w->node, VALUE_OK},
		{"*p->where", true, 0, VALUE_OK},
		{"wild->next->value", false, 0, VALUE_UNREADABLE},
		{"si == si", false, 1, VALUE_OK},
	};
	struct gen_value values[ARRAY_LEN(cases)];
	struct arena *arena = arena_new();
	struct kernel_context context;
	const struct bay_value *got = (const void *)context.roots;
	struct gen_code code;
	struct error *err = NULL;
	bool ok;

	_Static_assert(sizeof(cases) / sizeof(cases[0]) * sizeof(struct bay_value) <=
			       sizeof(context.roots),
		       "the values are where the roots are");
	*w = p->fills[0];
	w->p = &w->nodes[1];
	w->sj = 0;
	cases[4].bits = (u64)w->p->where;
	for (size_t i = 0; i < ARRAY_LEN(cases) && !err; i++) {
		struct expr *tree, *typed;

		err = expr_parse(cases[i].text, arena, &tree);
		if (!err)
			err = expr_type(tree, cases[i].text, &p->scope.scope, arena, &typed);
		values[i] = (struct gen_value){typed, cases[i].text, cases[i].is_address};
	}
	if (!err)
		err = gen_values(values, ARRAY_LEN(cases), &p->scope.place, arena, &code);
	if (err)
		die(err->text);
	make_context(p, &context);
	memset(context.roots, 0x77, sizeof(context.roots));
	ok = run_roots(p, &code, &context);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (got[i].bits != cases[i].bits || got[i].state != cases[i].state || got[i].len) {
			printf("# value %s: 0x%" PRIx64 " state %u\n", cases[i].text,
			       (u64)got[i].bits, got[i].state);
			ok = false;
		}
	arena_free(arena);
	return ok;
}

static void report(const struct property *p, bool roots_ok, bool values_ok)
{
	printf("# %zu expressions on %d memories: %zu of the results are errors, %zu constant\n",
	       p->n, FILLS, p->errors, p->constant_divisions);
	printf("%sok 1 - evaluator and C compiler agree on %zu expressions\n",
	       p->eval_wrong ? "not " : "", p->n);
	if (p->no_kernel) {
		printf("ok 2 - kernel and C compiler agree # SKIP loading BPF programs needs "
		       "root\n");
		return;
	}
	printf("# %zu runs of %zu programs, %zu too large, signed division %s\n", p->runs,
	       p->code_loaded, p->code_refused,
	       p->has_signed_division ? "emulated and native" : "emulated");
	printf("%sok 2 - kernel and C compiler agree on %zu runs\n", p->code_wrong ? "not " : "",
	       p->runs);
	printf("%sok 3 - the verifier takes all %zu programs\n", p->load_failed ? "not " : "",
	       p->code_loaded);
	printf("%sok 4 - no more than 1 in 50 is too large\n",
	       p->code_refused * 50 > p->n ? "not " : "");
	printf("%sok 5 - roots are the addresses that C has\n", roots_ok ? "" : "not ");
	printf("%sok 6 - values, each with its state\n", values_ok ? "" : "not ");
}

int main(int argc, char **argv)
{
	static struct property p;
	bool roots_ok, values_ok;

	if (argc != 3)
		return 2;
	p.generator.state = strtoull(argv[1], NULL, 0) * 2 + 1;
	p.n = strtoull(argv[2], NULL, 0);
	p.ours = calloc(p.n, sizeof(*p.ours));
	make_memory(&p);
	world_scope_init(&p.scope, (u64)p.world, arch_native());
	compile_oracle(&p);
	p.oracle_memory(p.world, p.memory, PAGES * PAGE);
	p.has_signed_division = try_signed_division();
	for (size_t i = 0; i < p.n; i++)
		check_expression(&p, i);
	roots_ok = p.no_kernel || check_roots(&p);
	values_ok = p.no_kernel || check_values(&p);
	report(&p, roots_ok, values_ok);
	return !roots_ok || !values_ok || p.eval_wrong || p.code_wrong || p.load_failed ||
	       p.code_refused * 50 > p.n;
}
