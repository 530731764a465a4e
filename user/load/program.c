/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the compiled object to loaded programs. libbpf creates the maps and relocates the program; a
 * section handler of ours then takes the instructions out of its hands, just before it would load
 * them, and leaves it a program of two. Each distinct program of the plan is loaded from a copy.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "load/bays.h"
#include "load/object.h"
#include "load/session.h"
#include "load/uapi.h"

enum { LOG_BYTES = 1 << 20 };

static struct program_image *loading;

static int take_instructions(struct bpf_program *prog, struct bpf_prog_load_opts *opts, long cookie)
{
	struct bpf_insn nothing[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K},
		{.code = BPF_JMP | BPF_EXIT},
	};
	struct program_image *image = loading;
	size_t info = (size_t)opts->func_info_rec_size * opts->func_info_cnt;

	image->n = bpf_program__insn_cnt(prog);
	image->insns = malloc(image->n * sizeof(*image->insns));
	image->func_info = malloc(info + 1);
	if (!image->insns || !image->func_info)
		error_no_memory();
	memcpy(image->insns, bpf_program__insns(prog), image->n * sizeof(*image->insns));
	memcpy(image->func_info, opts->func_info, info);
	image->func_info_size = opts->func_info_rec_size;
	image->n_func_info = opts->func_info_cnt;
	image->btf_fd = opts->prog_btf_fd;
	opts->func_info_cnt = 0;
	opts->line_info_cnt = 0;
	return bpf_program__set_insns(prog, nothing, ARRAY_LEN(nothing));
}

/*
 * Registered once and never taken back: libbpf 1.1 frees its table with the last handler and goes
 * on using it. Hence the static pointer, which says for whom an object is loaded.
 */
static struct error *register_handler(struct load_session *session)
{
	LIBBPF_OPTS(libbpf_prog_handler_opts, handler, .prog_prepare_load_fn = take_instructions);
	static int id;

	loading = &session->image;
	if (!id)
		id = libbpf_register_prog_handler("snapline/", BPF_PROG_TYPE_KPROBE, 0, &handler);
	if (id > 0)
		return NULL;
	int code = -id;

	id = 0;
	return kernel_error(code, "cannot register with libbpf");
}

struct error *program_open(struct load_session *session)
{
	struct error *err = register_handler(session);

	return err ? err : object_open(session->config.instrument, &session->object);
}

struct error *program_take(struct load_session *session)
{
	int code = bpf_object__load(session->object);

	if (code)
		return kernel_error(-code, "cannot load the programs of snapline");
	if (!session->image.insns)
		return error_new(ERROR_FAILED, "libbpf gave no instructions");
	return NULL;
}

static u64 word_of(const struct load_program *program, const struct prog_source *source)
{
	u64 flags = bay_needs(&program->condition) | bay_needs(&program->roots) |
		    bay_needs(&program->values);

	if (program->condition.n)
		flags |= PROGRAM_HAS_CONDITION;
	if (program->roots.n && program->n_roots)
		flags |= PROGRAM_HAS_ROOTS;
	if (program->values.n)
		flags |= PROGRAM_HAS_VALUES;
	if (program->is_toc)
		flags |= PROGRAM_IS_TOC;
	if (source->one_place)
		flags |= PROGRAM_ONE_PLACE;
	if (source->is_wide)
		flags |= PROGRAM_IS_WIDE;
	return PROGRAM_WORD(source->program, source->one_place ? source->place : 0, flags);
}

static struct error *load_failed(int code, const char *log, unsigned verbose)
{
	if (verbose && *log)
		fprintf(stderr, "%s\n", log);
	if (code == EPERM)
		return kernel_error(code, "cannot load a program");
	return error_cure(error_new(ERROR_FAILED, "the kernel's verifier refused a program: %s",
				    strerror(code)),
			  verbose ? "please report this with the log above"
				  : "-v shows its log; please report this");
}

static void note_verified(struct load_session *session, int fd)
{
	struct bpf_prog_info info = {};
	u32 len = sizeof(info);

	/* 0 before 5.16, which doesn't say. */
	if (!bpf_obj_get_info_by_fd(fd, &info, &len))
		session->info.verified_insns =
			max_u64(session->info.verified_insns, info.verified_insns);
}

struct error *program_load(struct load_session *session, const struct prog_source *source,
			   u32 attach_type, int *fd)
{
	const struct load_program *program = &session->config.programs[source->program];
	const struct program_image *image = &session->image;
	struct bay_patch patch = {
		.condition = &program->condition,
		.roots = &program->roots,
		.values = &program->values,
		.word = word_of(program, source),
		.fetch_add = session->info.fetch_add,
		.is_return = session->is_return,
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .prog_btf_fd = image->btf_fd,
		    .func_info = image->func_info, .func_info_cnt = image->n_func_info,
		    .func_info_rec_size = image->func_info_size);
	size_t bytes = image->n * sizeof(*image->insns);
	struct bpf_insn *insns = malloc(bytes);
	char *log = calloc(1, LOG_BYTES);
	struct error *err;

	if (!insns || !log)
		error_no_memory();
	memcpy(insns, image->insns, bytes);
	opts.prog_flags = session->info.faulting ? BPF_F_SLEEPABLE : 0;
	opts.expected_attach_type = attach_type;
	err = bay_patch(insns, image->n, &patch);
	if (!err) {
		*fd = bpf_prog_load(BPF_PROG_TYPE_KPROBE, "snapline", "Dual BSD/GPL", insns,
				    image->n, &opts);
		if (*fd < 0 && *fd != -EPERM && session->config.verbose) {
			opts.log_buf = log;
			opts.log_size = LOG_BYTES;
			opts.log_level = 1;
			*fd = bpf_prog_load(BPF_PROG_TYPE_KPROBE, "snapline", "Dual BSD/GPL", insns,
					    image->n, &opts);
		}
		if (*fd < 0)
			err = load_failed(-*fd, log, session->config.verbose);
	}
	if (!err) {
		session->info.n_programs++;
		note_verified(session, *fd);
	}
	free(insns);
	free(log);
	return err;
}
