/* SPDX-License-Identifier: BSD-2-Clause */
#include "plan/scope.h"

#include <string.h>

#include "pair.h"
#include "plan/others.h"
#include "plan/returned.h"

struct scope_state {
	struct plan_module *module;
	u64 pc;
	struct dw_frame *frames; /* innermost first */
	size_t n_frames;
	struct loc *frame_base;
};

/* A name is near enough to be suggested if so many letters at most are other. */
static size_t near_limit(const char *name)
{
	return 1 + strlen(name) / 3;
}

/* By C's rules: the innermost function, inlined or not; its callers' names aren't visible. */
static const struct dw_var *find_variable(const struct scope_state *state, const char *name)
{
	const struct dw_frame *frame = state->frames;

	for (size_t i = 0; state->n_frames && i < frame->n_vars; i++)
		if (frame->vars[i].name && strcmp(frame->vars[i].name, name) == 0)
			return &frame->vars[i];
	return NULL;
}

/* Errors of the debug information become the reason why the variable can't be had. */
static bool say_why(struct error *err, struct arena *arena, const char **why)
{
	if (!err)
		return false;
	*why = arena_strdup(arena, err->text);
	error_free(err);
	return true;
}

/* A global of another file; what the probed one has by this name comes first. */
static bool other_variable(struct scope_state *state, const char *name, struct arena *arena,
			   const struct type **type, const struct loc **loc, struct dw **dw,
			   const char **why)
{
	struct plan *plan = state->module->plan;
	struct plan_module *module;
	const struct type *enumeration;
	struct loc *found = NULL;
	struct dw_var var;
	struct error *err;
	bool is_tls;
	s64 number;
	u64 pc;

	err = dw_enumerator(state->module->dw, name, state->pc, &enumeration, &number);
	if (!err || !plan || !others_find(plan, state->module, name, arena, &module, &var, why)) {
		error_free(err);
		return false;
	}
	error_free(err);
	*type = var.type;
	/* clang doesn't describe what a unit only declares, but the file has it all the same. */
	if (elf_file_exports(module->file, name, &pc, &is_tls))
		found = dw_imported_loc(state->module->dw, name, arena);
	if (found) {
		*dw = state->module->dw;
		*loc = found;
		return true;
	}
	*dw = module->dw;
	if (!say_why(dw_var_loc(module->dw, var.die, 0, arena, &found), arena, why)) {
		*loc = found;
		if (found->absence != PRESENT)
			*why = absence_text(found->absence);
	}
	return true;
}

static bool scope_variable(void *context, const char *name, struct arena *arena,
			   const struct type **type, const struct loc **loc,
			   const struct loc **frame_base, struct dw **dw, const char **why)
{
	struct scope_state *state = context;
	const struct dw_var *var = find_variable(state, name);
	struct dw_var global;
	struct loc *found = NULL;

	*why = NULL;
	if (!var) {
		struct error *err = dw_global(state->module->dw, name, state->pc, arena, &global);

		if (err) {
			error_free(err);
			*frame_base = NULL;
			return other_variable(state, name, arena, type, loc, dw, why);
		}
		var = &global;
	}
	*type = var->type;
	*dw = state->module->dw;
	*frame_base = state->frame_base;
	if (say_why(dw_var_loc(state->module->dw, var->die, state->pc, arena, &found), arena, why))
		return true;
	*loc = found;
	if (found->absence != PRESENT)
		*why = absence_text(found->absence);
	return true;
}

static bool scope_enumerator(void *context, const char *name, const struct type **type, s64 *value)
{
	struct scope_state *state = context;
	struct error *err = dw_enumerator(state->module->dw, name, state->pc, type, value);

	error_free(err);
	return !err;
}

static const struct type *scope_type(void *context, const char *name)
{
	struct scope_state *state = context;
	const struct type *type;
	struct error *err = dw_type_by_name(state->module->dw, name, state->pc, &type);

	error_free(err);
	return err ? NULL : type;
}

static const char *scope_suggest(void *context, const char *name, struct arena *arena)
{
	struct scope_state *state = context;
	const struct dw_frame *frame = state->frames;
	size_t best = near_limit(name);
	const char *found = NULL;

	for (size_t i = 0; state->n_frames && i < frame->n_vars; i++) {
		const char *there = frame->vars[i].name;
		size_t distance = there ? str_distance(name, there, best) : best;

		if (distance < best) {
			best = distance;
			found = there;
		}
	}
	return found;
}

static const struct type *return_type(struct scope_state *state)
{
	const struct dw_frame *outermost;
	const struct type *type;
	struct error *err;

	if (!state->n_frames)
		return type_basic(TYPE_BASIC_LONG);
	outermost = &state->frames[state->n_frames - 1];
	err = dw_function_type(state->module->dw, outermost->function->die, &type);
	error_free(err);
	return err ? NULL : type;
}

static void set_return(struct scope_state *state, const struct place *place, struct arena *arena,
		       struct expr_scope *scope)
{
	if (!place->is_return)
		return;
	scope->return_type = return_type(state);
	if (scope->return_type)
		scope->return_loc = place->is_tail_call
					    ? returned_later()
					    : returned_loc(scope->return_type, scope->arch, arena);
}

struct error *plan_place_scope(const struct plan *plan, const struct place *place,
			       struct expr_scope **scope)
{
	struct arena *arena = plan->arena;
	struct scope_state *state = arena_alloc(arena, sizeof(*state));
	struct expr_scope *result = arena_alloc(arena, sizeof(*result));
	struct dw *dw = place->module->dw;
	struct error *err;

	state->module = place->module;
	state->pc = place->pc;
	err = dw_frames_at(dw, place->pc, arena, &state->frames, &state->n_frames);
	if (!err)
		err = dw_frame_base(dw, place->pc, arena, &state->frame_base);
	if (err)
		return err;
	*result = (struct expr_scope){
		.arch = elf_file_arch(place->module->file),
		.variable = scope_variable,
		.enumerator = scope_enumerator,
		.type_by_name = scope_type,
		.suggest = scope_suggest,
		.no_elapsed =
			plan->spec->instrument != INSTRUMENT_TICTOC || place->probe != PROBE_TOC,
		.context = state,
	};
	set_return(state, place, arena, result);
	*scope = result;
	return NULL;
}
