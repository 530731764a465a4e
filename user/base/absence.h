/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why bytes are missing. A value that could not be had is a value with one of these, never an error
 * and never a zero. `status` is the JSON's word, `text` what the terminal shows.
 */
#ifndef SNAPLINE_ABSENCE_H
#define SNAPLINE_ABSENCE_H

/* X(NAME, status, text) */
#define ABSENCE_LIST(X) \
	X(PRESENT, "ok", "") \
	X(OPTIMIZED_OUT, "optimized_out", "<optimized out>") \
	X(NOT_RESIDENT, "not_resident", "<not resident>") \
	X(NOT_CAPTURED, "not_captured", "<not captured>") \
	X(BAD_ADDRESS, "bad_address", "<cannot be read>") \
	X(PROCESS_GONE, "process_gone", "<process gone>") \
	X(VECTOR_REGISTER, "vector_register", "<in a vector register, not visible to a uprobe>") \
	X(DIVISION, "division_by_zero", "<division by zero>") \
	X(TAIL_CALL, "tail_call", "<not known yet: a tail call returns it>") \
	X(NOT_SAVED, "not_saved", "<not saved>") \
	X(NO_CALL_SITE, "no_call_site", "<optimized out: its caller does not describe it>") \
	X(NO_TLS, "no_tls", "<thread-local storage not found>") \
	X(TLS_NOT_ALLOCATED, "tls_not_allocated", "<not allocated in this thread yet>") \
	X(TLS_UNKNOWN, "tls_unknown", "<thread-local storage of an unknown C library>") \
	X(UNDEFINED, "undefined", "<no module of the process defines it>") \
	X(UNRESOLVED, "unresolved", "<which module's it is, is not known>") \
	X(FRAME_LIMIT, "frame_limit", "<optimized out: its caller is beyond --frames>") \
	X(NO_CALLER, "no_caller", "<optimized out: its caller was not found>") \
	X(NO_MODULE, "no_module", "<its module is not mapped>") \
	X(INCOMPLETE_TYPE, "incomplete_type", "<incomplete type>") \
	X(UNSUPPORTED, "unsupported", "<location not understood>") \
	X(DEPTH, "depth", "<depth>")

enum absence {
#define X(name, status, text) ABSENT_##name,
	ABSENCE_LIST(X)
#undef X
	ABSENCE_COUNT
};
#define PRESENT ABSENT_PRESENT

const char *absence_status(enum absence absence);
const char *absence_text(enum absence absence);

#endif
