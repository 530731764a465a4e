/* SPDX-License-Identifier: BSD-2-Clause */
/* Where variables are, and what file scope has by name. */
#include <string.h>

#include "dwarf/die.h"

enum { MAX_CONSTANT = 16, MAX_WORDS = 8 };

/* The name that the linker knows; NULL if there is none. */
static const char *die_symbol_name(Dwarf_Die *die)
{
	Dwarf_Attribute attr;
	const char *name = NULL;

	if (die_attr(die, DW_AT_linkage_name, &attr))
		name = dwarf_formstring(&attr);
	return name ? name : dw_die_name(die);
}

static struct loc *loc_of_bytes(const void *bytes, size_t len, struct arena *arena)
{
	struct loc *loc = arena_alloc(arena, sizeof(*loc));
	struct loc_op op = {.opcode = DW_OP_implicit_value, .block = bytes, .block_len = len};

	loc->ops = arena_memdup(arena, &op, sizeof(op));
	loc->n_ops = 1;
	return loc;
}

static struct loc *loc_of_number(s64 number, const struct type *type, struct arena *arena)
{
	u64 size = type_strip(type)->size;
	u8 *bytes = arena_alloc(arena, MAX_CONSTANT);

	memset(bytes, number < 0 ? 0xff : 0, MAX_CONSTANT);
	memcpy(bytes, &number, sizeof(number));
	return loc_of_bytes(bytes, size && size < MAX_CONSTANT ? size : MAX_CONSTANT, arena);
}

/* DW_AT_const_value (DWARF 5, section 4.1, item 10): a number, bytes, a string or an address. */
static struct loc *loc_of_constant(struct dw *dw, Dwarf_Die *die, Dwarf_Attribute *attr,
				   struct arena *arena)
{
	const struct type *type = dw_type_of(dw, die);
	const char *text;
	Dwarf_Block block;
	Dwarf_Addr address;
	s64 number;

	if (die_attr_number(attr, &number)) {
		bool is_wide = !die_is_signed_form(attr) && number < 0;
		struct loc *loc = loc_of_number(number, type, arena);

		/* eight bytes of an unsigned form: nothing to extend by */
		if (is_wide && loc->ops->block_len > sizeof(number))
			memset((u8 *)loc->ops->block + sizeof(number), 0, sizeof(number));
		return loc;
	}
	if (dwarf_formblock(attr, &block) == 0) {
		u64 size = type_strip(type)->size;

		/* clang gives the ten bytes that count of a long double's sixteen */
		if (type_strip(type)->kind == TYPE_FLOAT && block.length < size)
			return loc_of_bytes(arena_grow(arena, block.data, block.length, size), size,
					    arena);
		return loc_of_bytes(block.data, block.length, arena);
	}
	text = dwarf_formstring(attr);
	if (text)
		return loc_of_bytes(text, strlen(text) + 1, arena);
	if (dwarf_formaddr(attr, &address) == 0) {
		struct loc_op ops[] = {{.opcode = DW_OP_addr, .a = (s64)address},
				       {.opcode = DW_OP_stack_value}};
		struct loc *loc = arena_alloc(arena, sizeof(*loc));

		loc->ops = arena_memdup(arena, ops, sizeof(ops));
		loc->n_ops = 2;
		return loc;
	}
	return dw_loc_absent(ABSENT_UNSUPPORTED, arena);
}

/* Of several exported names of one address it is the variable's own that counts. */
static struct loc *bind_by_name(struct dw *dw, Dwarf_Die *die, struct loc *loc, struct arena *arena)
{
	struct loc_op op;

	if (loc->n_ops != 1 || loc->ops[0].opcode != DW_OP_addr || !loc->ops[0].binding)
		return loc;
	op = loc->ops[0];
	dw_loc_bind(dw, &op, die_symbol_name(die), arena);
	return dw_loc_of_one(op, arena);
}

/* At an offset in the module's thread-local storage. */
static struct loc *loc_of_local(u64 offset, struct arena *arena)
{
	struct loc_op ops[] = {{.opcode = DW_OP_const8u, .a = (s64)offset},
			       {.opcode = DW_OP_form_tls_address}};
	struct loc *loc = arena_alloc(arena, sizeof(*loc));

	loc->ops = arena_memdup(arena, ops, sizeof(ops));
	loc->n_ops = ARRAY_LEN(ops);
	return loc;
}

/* An alias (environ in libc) has a symbol, but no location. */
static bool has_symbol(struct dw *dw, Dwarf_Die *die)
{
	const char *name = die_symbol_name(die);
	const struct elf_symbol *symbol = name ? elf_file_symbol(dw->file, name) : NULL;

	return symbol && symbol->is_global && (symbol->is_object || symbol->is_tls);
}

/*
 * A variable that this unit only declares: in a unit of the module without debug information,
 * copied into the program by the dynamic linker, or another module's.
 */
static struct loc *loc_of_declared(struct dw *dw, Dwarf_Die *die, struct arena *arena)
{
	const char *name = die_symbol_name(die);
	const struct elf_symbol *symbol;
	struct loc_op op = {.opcode = DW_OP_addr};
	struct elf_binding binding;

	if (!name)
		return dw_loc_absent(ABSENT_OPTIMIZED_OUT, arena);
	symbol = elf_file_symbol(dw->file, name);
	if (symbol && symbol->is_tls)
		return loc_of_local(symbol->pc, arena);
	if (symbol && symbol->is_global && symbol->pc) {
		op.a = (s64)symbol->pc;
		dw_loc_bind(dw, &op, name, arena);
		return dw_loc_of_one(op, arena);
	}
	if (!elf_file_import(dw->file, name, &binding))
		binding = (struct elf_binding){.name = name};
	op.binding = arena_memdup(arena, &binding, sizeof(binding));
	return dw_loc_of_one(op, arena);
}

struct loc *dw_imported_loc(struct dw *dw, const char *name, struct arena *arena)
{
	const struct elf_symbol *symbol = elf_file_symbol(dw->file, name);
	struct loc_op op = {.opcode = DW_OP_addr};
	struct elf_binding binding;
	bool is_tls;
	u64 pc;

	if (symbol && symbol->is_object && elf_file_exports(dw->file, name, &pc, &is_tls) == 1 &&
	    !is_tls) {
		op.a = (s64)pc;
		dw_loc_bind(dw, &op, name, arena);
		return dw_loc_of_one(op, arena);
	}
	if (!elf_file_import(dw->file, name, &binding) || !binding.slot)
		return NULL;
	op.binding = arena_memdup(arena, &binding, sizeof(binding));
	return dw_loc_of_one(op, arena);
}

struct error *dw_var_loc(struct dw *dw, u64 var_die, u64 pc, struct arena *arena, struct loc **loc)
{
	Dwarf_Attribute attr;
	Dwarf_Die die;

	if (!dw_die_at(dw, var_die, &die))
		return error_new(ERROR_FAILED, "no debug information entry at 0x%llx",
				 (unsigned long long)var_die);
	if (die_attr(&die, DW_AT_const_value, &attr))
		*loc = loc_of_constant(dw, &die, &attr, arena);
	else if (die_attr(&die, DW_AT_location, &attr))
		*loc = bind_by_name(dw, &die, dw_decode_attr(dw, &attr, pc, arena), arena);
	else if (die_flag(&die, DW_AT_external) && (die_is_declaration(&die) || has_symbol(dw, &die)))
		*loc = loc_of_declared(dw, &die, arena);
	else
		*loc = dw_loc_absent(ABSENT_OPTIMIZED_OUT, arena);
	return NULL;
}

bool dw_marks_clobbers(struct dw *dw, u64 pc)
{
	Dwarf_Attribute attr;
	const char *producer;
	Dwarf_Die unit;

	if (!dw_unit_die_at(dw, pc, &unit))
		return false;
	producer = dwarf_formstring(dwarf_attr(&unit, DW_AT_producer, &attr));
	return producer && strncmp(producer, "GNU C", 5) == 0;
}

static bool find(struct dw *dw, const char *name, unsigned tag, u64 from_pc, Dwarf_Die *die)
{
	Dwarf_Die unit;

	return (dw_unit_die_at(dw, from_pc, &unit) && dw_find_in_unit(&unit, name, tag, die)) ||
	       dw_find_top(dw, name, tag, die);
}

/* What a unit declares extern isn't another unit's static variable of that name. */
static bool find_global(struct dw *dw, const char *name, u64 from_pc, Dwarf_Die *die)
{
	bool has_unit;
	Dwarf_Die unit;

	has_unit = dw_unit_die_at(dw, from_pc, &unit);
	if (has_unit && dw_find_in_unit(&unit, name, DW_TAG_variable, die))
		return true;
	if (has_unit && dw_find_declared_in_unit(&unit, name, die))
		return dw_find_external(dw, name, die) || true;
	return (!has_unit && dw_find_external(dw, name, die)) ||
	       dw_find_top(dw, name, DW_TAG_variable, die);
}

struct error *dw_global(struct dw *dw, const char *name, u64 from_pc, struct arena *arena,
			struct dw_var *var)
{
	struct error *err;
	Dwarf_Die die;

	if (!find_global(dw, name, from_pc, &die))
		return error_new(ERROR_NOT_FOUND, "no variable %s", name);
	err = dw_var_by_die(dw, dw_die_offset(dw, &die), arena, var);
	if (!err)
		var->kind = DW_GLOBAL;
	return err;
}

struct error *dw_enumerator(struct dw *dw, const char *name, u64 from_pc, const struct type **type,
			    s64 *value)
{
	Dwarf_Die unit, enumeration, die;
	s64 number;

	if (!(dw_unit_die_at(dw, from_pc, &unit) &&
	      dw_find_enumerator_in_unit(&unit, name, &enumeration, &die)) &&
	    !dw_find_enumerator(dw, name, &enumeration, &die))
		return error_new(ERROR_NOT_FOUND, "no enumerator %s", name);
	if (!die_number(&die, DW_AT_const_value, &number))
		return error_new(ERROR_FAILED, "the enumerator %s has no value", name);
	*type = dw_type_at(dw, &enumeration);
	*value = number;
	return NULL;
}

/* "long unsigned int" in any order of its words, and what may be left out. */
struct words {
	unsigned n_long, n_short, n_unsigned, n_signed, n_int, n_char, n_other;
};

static void count_word(struct words *words, const char *word, size_t len)
{
	const struct {
		const char *word;
		unsigned *count;
	} known[] = {
		{"long", &words->n_long},	  {"short", &words->n_short},
		{"unsigned", &words->n_unsigned}, {"signed", &words->n_signed},
		{"int", &words->n_int},		  {"char", &words->n_char},
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (strlen(known[i].word) == len && strncmp(word, known[i].word, len) == 0) {
			++*known[i].count;
			return;
		}
	}
	words->n_other++;
}

static bool basic_integer(const char *name, enum type_basic_id *id)
{
	struct words words = {0};
	bool is_unsigned;

	for (const char *at = name + strspn(name, " "); *at; at += strspn(at, " ")) {
		size_t len = strcspn(at, " ");

		count_word(&words, at, len);
		at += len;
	}
	if (words.n_other || words.n_long > 2 ||
	    words.n_int + words.n_char + words.n_long + words.n_short + words.n_unsigned +
			    words.n_signed ==
		    0)
		return false;
	is_unsigned = words.n_unsigned > 0;
	if (words.n_char)
		*id = is_unsigned      ? TYPE_BASIC_UCHAR
		      : words.n_signed ? TYPE_BASIC_SCHAR
				       : TYPE_BASIC_CHAR;
	else if (words.n_short)
		*id = is_unsigned ? TYPE_BASIC_USHORT : TYPE_BASIC_SHORT;
	else if (words.n_long == 2)
		*id = is_unsigned ? TYPE_BASIC_ULLONG : TYPE_BASIC_LLONG;
	else if (words.n_long)
		*id = is_unsigned ? TYPE_BASIC_ULONG : TYPE_BASIC_LONG;
	else
		*id = is_unsigned ? TYPE_BASIC_UINT : TYPE_BASIC_INT;
	return true;
}

static const struct {
	const char *prefix;
	unsigned tag;
} tagged[] = {
	{"struct ", DW_TAG_structure_type},
	{"class ", DW_TAG_class_type},
	{"union ", DW_TAG_union_type},
	{"enum ", DW_TAG_enumeration_type},
};

static bool find_type(struct dw *dw, const char *name, u64 from_pc, Dwarf_Die *die)
{
	static const unsigned untagged[] = {DW_TAG_typedef, DW_TAG_base_type, DW_TAG_structure_type,
					    DW_TAG_union_type, DW_TAG_enumeration_type};

	for (size_t i = 0; i < ARRAY_LEN(tagged); i++) {
		size_t len = strlen(tagged[i].prefix);

		if (strncmp(name, tagged[i].prefix, len) == 0)
			return find(dw, name + len + strspn(name + len, " "), tagged[i].tag,
				    from_pc, die);
	}
	/* in C a struct's name needs its word; C++ and Rust leave it out */
	for (size_t i = 0; i < ARRAY_LEN(untagged); i++) {
		bool needs_word = i >= 2;

		if (find(dw, name, untagged[i], from_pc, die) && !(needs_word && die_has_tags(die)))
			return true;
	}
	return false;
}

struct error *dw_type_by_name(struct dw *dw, const char *name, u64 from_pc,
			      const struct type **type)
{
	enum type_basic_id id;
	Dwarf_Die die;

	if (strcmp(name, "void") == 0) {
		*type = type_basic(TYPE_BASIC_VOID);
		return NULL;
	}
	if (basic_integer(name, &id)) {
		*type = type_basic(id);
		return NULL;
	}
	if (!find_type(dw, name, from_pc, &die))
		return error_new(ERROR_NOT_FOUND, "no type %s", name);
	*type = dw_type_at(dw, &die);
	return NULL;
}

struct error *dw_function_type(struct dw *dw, u64 die_offset, const struct type **type)
{
	Dwarf_Die die;

	if (!dw_die_at(dw, die_offset, &die))
		return error_new(ERROR_FAILED, "no debug information entry at 0x%llx",
				 (unsigned long long)die_offset);
	*type = dw_type_of(dw, &die);
	return NULL;
}
