/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine code of a file's functions, each decoded and traced once, however many ask for it. */
#ifndef SNAPLINE_CODE_STORE_H
#define SNAPLINE_CODE_STORE_H

#include "plan/code.h"

struct code_store;

struct code_store *code_store_new(struct dw *dw);
void code_store_free(struct code_store *store);
/*
 * The function that holds pc, the store's until the next call. Errors as of code_extent_at() and
 * code_decode().
 */
struct error *code_store_at(struct code_store *store, u64 pc, struct code **code) _must_use_;

#endif
