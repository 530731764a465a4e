/* SPDX-License-Identifier: BSD-2-Clause */
#include "plan/others.h"

#include "plan/identity.h"

/* A file of the target; the module is opened for its symbols, its debug information when needed. */
struct other {
	struct plan_module *module;
	const char *root;
	bool is_of_plan; /* plan->modules has it */
};

struct others {
	struct other *items;
	size_t n;
};

static struct plan_module *known_module(const struct plan *plan, const char *path)
{
	for (size_t i = 0; i < plan->n_modules; i++)
		if (strcmp(plan->modules[i]->path, path) == 0)
			return plan->modules[i];
	return NULL;
}

static void add_other(struct plan *plan, struct others *others, const struct plan_file *file)
{
	struct other other = {.module = known_module(plan, file->path), .root = file->root};

	other.is_of_plan = other.module != NULL;
	if (!other.module) {
		struct plan_module *module = arena_alloc(plan->arena, sizeof(*module));
		struct error *err;

		module->plan = plan;
		module->path = file->path;
		module->shown = file->shown;
		identity_take(module);
		err = elf_file_open(file->path, file->shown, &module->file);
		if (err) {
			error_free(err);
			return;
		}
		module->build_id = *elf_file_build_id(module->file);
		other.module = module;
	}
	*arena_push(plan->arena, others->items, others->n) = other;
}

/* A plan that was read has the modules that it needed, and no more. */
static void add_modules(struct plan *plan, struct others *others)
{
	for (size_t i = 0; i < plan->n_modules; i++)
		if (plan->modules[i]->file)
			*arena_push(plan->arena, others->items, others->n) =
				(struct other){plan->modules[i], "", true};
}

static struct others *others_of(struct plan *plan)
{
	struct others *others = plan->others;
	struct plan_file *files;
	struct error *err;
	size_t n = 0;

	if (others)
		return others;
	others = plan->others = arena_alloc(plan->arena, sizeof(*others));
	if (!plan->files) {
		add_modules(plan, others);
		return others;
	}
	err = plan->files(plan->files_context, PLAN_ALL_FILES, plan->arena, &files, &n);
	for (size_t i = 0; !err && i < n; i++)
		add_other(plan, others, &files[i]);
	error_free(err);
	return others;
}

void others_free(struct plan *plan)
{
	for (size_t i = 0; plan->others && i < plan->others->n; i++) {
		struct other *other = &plan->others->items[i];

		if (other->is_of_plan)
			continue;
		dw_close(other->module->dw);
		elf_file_close(other->module->file);
	}
}

/* Exported names are one variable in all of the process; others are a module's own. */
static bool defines(const struct other *other, const char *name, bool exported)
{
	const struct elf_symbol *symbol = elf_file_symbol(other->module->file, name);
	bool is_tls;
	u64 pc;

	if (exported)
		return elf_file_exports(other->module->file, name, &pc, &is_tls) > 0;
	return symbol && (symbol->is_object || symbol->is_tls);
}

static bool describes(struct other *other, const char *name, struct arena *arena,
		      struct dw_var *var, const char **why)
{
	struct plan_module *module = other->module;
	struct error *err = NULL;

	if (!module->dw)
		err = dw_open(module->file, other->root, &module->dw);
	if (!err && dw_has_info(module->dw))
		err = dw_global(module->dw, name, 0, arena, var);
	else if (!err)
		err = error_new(ERROR_NOT_FOUND, "no debug information");
	if (!err)
		return true;
	*why = arena_printf(arena, "it is in %s, whose debug information doesn't describe it",
			    module->shown);
	error_free(err);
	return false;
}

static bool find(struct plan *plan, const struct plan_module *probed, const char *name,
		 bool exported, struct arena *arena, struct other **found, struct dw_var *var,
		 const char **why)
{
	struct others *others = others_of(plan);

	*found = NULL;
	for (size_t i = 0; i < others->n; i++) {
		struct other *other = &others->items[i];

		if (other->module == probed || !defines(other, name, exported))
			continue;
		if (*found) {
			*why = "several modules have a variable of this name";
			return false;
		}
		if (describes(other, name, arena, var, why)) {
			*found = other;
			if (exported)
				return true;
		}
	}
	return *found != NULL;
}

bool others_find(struct plan *plan, const struct plan_module *probed, const char *name,
		 struct arena *arena, struct plan_module **module, struct dw_var *var,
		 const char **why)
{
	struct other *found;

	*why = NULL;
	if (!find(plan, probed, name, true, arena, &found, var, why) &&
	    (*why || !find(plan, probed, name, false, arena, &found, var, why)))
		return false;
	*why = NULL;
	if (!found->is_of_plan) {
		found->is_of_plan = true;
		*arena_push(plan->arena, plan->modules, plan->n_modules) = found->module;
	}
	*module = found->module;
	return true;
}
