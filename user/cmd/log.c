/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/cmd.h"

struct error *cmd_log(const struct spec *spec, struct arena *arena)
{
	return error_new(ERROR_FAILED, "log is not there yet");
}
