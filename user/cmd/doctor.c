/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `snapline doctor`: one line for each check, `ok`, `warn` or `no`, and the cure under it.
 *
 * JSON: {"event":"check","name":...,"status":"ok|warn|no","text":...,"cure":...|null}
 */
#include <string.h>

#include "cmd/check.h"
#include "cmd/cmd.h"
#include "cmd/cmd_output.h"

static const struct {
	const char *word, *color;
} looks[] = {
	[CHECK_OK] = {"ok", "\033[32m"},
	[CHECK_WARN] = {"warn", "\033[33m"},
	[CHECK_NO] = {"no", "\033[31m"},
};

static void print_text(const char *name, const struct check *check, bool color)
{
	printf("%s%-4s%s  %-15s %s\n", color ? looks[check->status].color : "",
	       looks[check->status].word, color ? "\033[0m" : "", name, check->text);
	if (check->cure)
		printf("%22s%s\n", "", check->cure);
}

static struct error *print_json(const char *name, const struct check *check)
{
	struct strbuf line = {0};
	struct json json;

	cmd_json_begin(&json, &line, "check");
	json_key(&json, "name");
	json_string(&json, name);
	json_key(&json, "status");
	json_string(&json, looks[check->status].word);
	json_key(&json, "text");
	json_string(&json, check->text);
	json_key(&json, "cure");
	json_string(&json, check->cure);
	return cmd_json_end(&json);
}

static struct error *verdict(const char *failed)
{
	if (!failed)
		return NULL;
	return error_cure(error_new(ERROR_PRIVILEGE, "snapshots can't be taken here: %s", failed),
			  "list, explain and replay work all the same.");
}

struct error *cmd_doctor(const struct spec *spec, struct arena *arena)
{
	struct host host = {.arena = arena};
	struct error *err = NULL;
	const char *failed = NULL;
	size_t n;
	const struct check_type *types = check_types(&n);

	privileges_read(&host.privileges);
	load_probe_features(&host.features);
	load_measure_features(&host.features);
	for (size_t i = 0; !err && i < n; i++) {
		struct check check;

		check_run(&types[i], &host, &check);
		if (check.status == CHECK_NO && !failed)
			failed = types[i].name;
		if (spec->format == FORMAT_JSON)
			err = print_json(types[i].name, &check);
		else if (!spec->quiet || check.status != CHECK_OK)
			print_text(types[i].name, &check, cmd_color(spec));
	}
	return err ? err : verdict(failed);
}
