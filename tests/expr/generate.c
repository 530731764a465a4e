/* SPDX-License-Identifier: BSD-2-Clause */
#include "generate.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void integer(struct generator *g, unsigned depth);
static void pointer(struct generator *g, unsigned depth);
static void real(struct generator *g, unsigned depth);
static void condition(struct generator *g, unsigned depth);

/* xorshift64* */
u64 generate_random(struct generator *g)
{
	g->state ^= g->state >> 12;
	g->state ^= g->state << 25;
	g->state ^= g->state >> 27;
	return g->state * 0x2545f4914f6cdd1dull;
}

unsigned generate_below(struct generator *g, unsigned n)
{
	return (unsigned)((generate_random(g) >> 33) % n);
}

#define PICK(g, list) ((list)[generate_below((g), ARRAY_LEN(list))])

static void ours(struct generator *g, const char *text)
{
	strbuf_puts(&g->ours, text);
}

static void oracle(struct generator *g, const char *text)
{
	strbuf_puts(&g->oracle, text);
}

static void both(struct generator *g, const char *text)
{
	ours(g, text);
	oracle(g, text);
}

static void variable(struct generator *g, const char *name)
{
	strbuf_puts(&g->ours, name);
	strbuf_printf(&g->oracle, "W(%s)", name);
}

static void literal(struct generator *g)
{
	static const char *const suffixes[] = {"", "", "", "u", "l", "ul", "LLU", "ll"};
	static const u64 edges[] = {0,		1,	    2,	      7,     31,	32,
				    63,		64,	    127,      128,   255,	256,
				    32767,	32768,	    65535,    65536, INT32_MAX, 1ull << 31,
				    UINT32_MAX, 1ull << 32, INT64_MAX};
	u64 value = PICK(g, edges);
	char text[64];

	if (generate_below(g, 3) == 0)
		value = generate_random(g) >> (1 + generate_below(g, 63));
	switch (generate_below(g, 5)) {
	case 0:
		snprintf(text, sizeof(text), "0x%llx%s", (unsigned long long)value,
			 PICK(g, suffixes));
		break;
	case 1:
		snprintf(text, sizeof(text), "0%llo%s", (unsigned long long)value,
			 PICK(g, suffixes));
		break;
	case 2: snprintf(text, sizeof(text), "'%c'", 'a' + (char)(value % 26)); break;
	default:
		snprintf(text, sizeof(text), "%llu%s", (unsigned long long)value,
			 PICK(g, suffixes));
		break;
	}
	both(g, text);
}

static void builtin(struct generator *g)
{
	static const struct {
		const char *ours, *oracle;
	} builtins[] = {
		{"$pid", "1234"},
		{"$tid", "1235"},
		{"$cpu", "3"},
		{"$time", "1000000007ul"},
		{"$hits", "42ul"},
		{"$elapsed", "99ul"},
		{"RED", "RED"},
		{"GREEN", "GREEN"},
		{"BLUE", "BLUE"},
		{"SMALL", "SMALL"},
		{"HUGE_ONE", "HUGE_ONE"},
		{"sizeof(struct node)", "sizeof(struct node)"},
		{"sizeof si", "sizeof(int)"},
		{"sizeof(long *)", "sizeof(long *)"},
	};
	unsigned i = generate_below(g, ARRAY_LEN(builtins));

	ours(g, builtins[i].ours);
	oracle(g, builtins[i].oracle);
}

static void integer_leaf(struct generator *g)
{
	static const char *const names[] = {"flag",
					    "sc",
					    "uc",
					    "ss",
					    "us",
					    "si",
					    "ui",
					    "sl",
					    "ul",
					    "sj",
					    "uj",
					    "sm",
					    "um",
					    "r1",
					    "r2",
					    "r3",
					    "v1",
					    "zero",
					    "color",
					    "big",
					    "pair.x",
					    "pair.y",
					    "node.value",
					    "node.a",
					    "node.b",
					    "node.c",
					    "node.d",
					    "node.wide",
					    "node.mix.parts[2]",
					    "node.grid[1][2]",
					    "array[4]",
					    "exact[1]"};
	unsigned choice = generate_below(g, 12);

	if (choice < 3)
		literal(g);
	else if (choice == 3)
		builtin(g);
	else
		variable(g, PICK(g, names));
}

static void parenthesised(struct generator *g, void (*make)(struct generator *, unsigned),
			  unsigned depth)
{
	both(g, "(");
	make(g, depth);
	both(g, ")");
}

/* Ours is `a op b`, the oracle's name(a, b). */
static void guarded(struct generator *g, const char *op, const char *name, unsigned depth)
{
	ours(g, "(");
	oracle(g, name);
	oracle(g, "(");
	integer(g, depth);
	ours(g, ") ");
	ours(g, op);
	ours(g, " (");
	oracle(g, ", ");
	integer(g, depth);
	both(g, ")");
}

static void infix(struct generator *g, const char *op, void (*make)(struct generator *, unsigned),
		  unsigned depth)
{
	parenthesised(g, make, depth);
	both(g, " ");
	both(g, op);
	both(g, " ");
	parenthesised(g, make, depth);
}

static const char *const comparisons[] = {"<", "<=", ">", ">=", "==", "!="};

/* Operands without parentheses: the parsers have to agree on precedence. */
static void chain(struct generator *g)
{
	static const char *const ops[] = {"+",	"-", "*",  "&", "|",  "^",  "&&",
					  "||", "<", "<=", ">", ">=", "==", "!="};
	static const char *const prefixes[] = {"", "", "", "-", "~", "!", "+", "(short)"};
	unsigned n = 2 + generate_below(g, 4);

	for (unsigned i = 0; i < n; i++) {
		if (i) {
			both(g, " ");
			both(g, PICK(g, ops));
			both(g, " ");
		}
		both(g, PICK(g, prefixes));
		integer_leaf(g);
	}
}

static void unary(struct generator *g, unsigned depth)
{
	static const char *const ops[] = {"-", "~", "!", "+"};

	both(g, PICK(g, ops));
	parenthesised(g, integer, depth);
}

static void cast(struct generator *g, unsigned depth)
{
	static const char *const types[] = {"(bool)",	  "(signed char)",    "(unsigned char)",
					    "(short)",	  "(unsigned short)", "(int)",
					    "(unsigned)", "(long)",	      "(unsigned long)",
					    "(number_t)", "(enum color)",     "(long long int)"};

	both(g, PICK(g, types));
	if (generate_below(g, 4) == 0)
		unary(g, depth);
	else
		parenthesised(g, generate_below(g, 8) ? integer : pointer, depth);
}

static void choice(struct generator *g, void (*make)(struct generator *, unsigned), unsigned depth)
{
	parenthesised(g, generate_below(g, 2) ? condition : integer, depth);
	both(g, " ? ");
	parenthesised(g, make, depth);
	both(g, " : ");
	parenthesised(g, make, depth);
}

/* p->f */
static void member(struct generator *g, unsigned depth)
{
	static const char *const plain[] = {"value",	"tag",	      "at.x",	   "at.y",
					    "array[3]", "grid[1][0]", "mix.whole", "mix.parts[1]"};
	static const char *const bits[] = {"a", "b", "c", "d", "wide"};
	bool is_bits = generate_below(g, 2);
	const char *name = is_bits ? PICK(g, bits) : PICK(g, plain);

	oracle(g, is_bits ? "B(" : "M(");
	parenthesised(g, pointer, depth);
	strbuf_printf(&g->ours, "->%s", name);
	strbuf_printf(&g->oracle, ", %s)", name);
}

static void index_of(struct generator *g, unsigned depth)
{
	static const struct {
		const char *ours, *oracle;
	} arrays[] = {
		{"array", "D(int, &W(array)"},
		{"ip", "D(int, &W(ip)"},
		{"bytes", "D(unsigned char, &W(bytes)"},
		{"buffer", "D(char, &W(buffer)"},
		{"string", "D(char, &W(string)"},
		{"node.array", "D(int, &W(node).array"},
		{"node.grid[1]", "D(unsigned short, &W(node).grid[1]"},
	};
	unsigned i = generate_below(g, ARRAY_LEN(arrays));

	ours(g, arrays[i].ours);
	oracle(g, arrays[i].oracle);
	both(g, "[((");
	integer(g, depth);
	both(g, ") & 7) - 2]");
	oracle(g, ")");
}

static void difference(struct generator *g, unsigned depth)
{
	ours(g, "&array[((");
	oracle(g, "&W(array)[((");
	integer(g, depth);
	both(g, ") & 3)] - ");
	variable(g, "ip");
}

static void integer(struct generator *g, unsigned depth)
{
	static const char *const ops[] = {"+", "-", "*", "&", "|", "^"};

	if (!depth) {
		integer_leaf(g);
		return;
	}
	switch (generate_below(g, 16)) {
	case 0: guarded(g, "/", "DIV", depth - 1); break;
	case 1: guarded(g, "%", "MOD", depth - 1); break;
	case 2: guarded(g, "<<", "SHL", depth - 1); break;
	case 3: guarded(g, ">>", "SHR", depth - 1); break;
	case 4: unary(g, depth - 1); break;
	case 5:
	case 6: cast(g, depth - 1); break;
	case 7: choice(g, integer, depth - 1); break;
	case 8:
	case 9: member(g, depth - 1); break;
	case 10: index_of(g, depth - 1); break;
	case 11: condition(g, depth); break;
	case 12: chain(g); break;
	case 13: difference(g, depth - 1); break;
	default: infix(g, PICK(g, ops), integer, depth - 1); break;
	}
}

static void pointer_leaf(struct generator *g)
{
	static const char *const names[] = {"p", "p", "p", "node.next", "null", "wild"};

	switch (generate_below(g, 6)) {
	case 0:
		both(g, "&");
		variable(g, "node");
		break;
	case 1:
		both(g, "(");
		variable(g, "p");
		both(g, " - 1)");
		break;
	default: variable(g, PICK(g, names)); break;
	}
}

/*
 * Always a struct node *, aligned as one, near the world or far from any memory. Nothing is taken
 * away from one that may be null: gcc takes a + i <= b + i for a <= b, whatever it is told.
 */
static void pointer(struct generator *g, unsigned depth)
{
	if (!depth) {
		pointer_leaf(g);
		return;
	}
	switch (generate_below(g, 6)) {
	case 0:
		oracle(g, "M(");
		parenthesised(g, pointer, depth - 1);
		ours(g, "->next");
		oracle(g, ", next)");
		break;
	case 1:
		parenthesised(g, pointer, depth - 1);
		both(g, " + ((");
		integer(g, depth - 1);
		both(g, ") & 3)");
		break;
	case 2:
		both(g, "(struct node *)(");
		variable(g, "bytes");
		both(g, " + ((");
		integer(g, depth - 1);
		both(g, ") & 7) * 8)");
		break;
	case 3: choice(g, pointer, depth - 1); break;
	default: pointer_leaf(g); break;
	}
}

static void real_literal(struct generator *g)
{
	static const char *const literals[] = {"0.0",	 "1.0",	   "-1.5",
					       "0.1",	 "1e300",  "16777216.0f",
					       "1e-45f", ".5",	   "9007199254740993.0",
					       "-0.0",	 "1e-310", "3.5f"};

	both(g, PICK(g, literals));
}

static void real(struct generator *g, unsigned depth)
{
	static const char *const names[] = {"f", "g", "real", "other", "node.f", "node.real"};
	static const char *const casts[] = {"(double)", "(float)"};
	bool is_single = generate_below(g, 2);

	switch (generate_below(g, depth ? 7 : 4)) {
	case 0: real_literal(g); break;
	case 4:
		both(g, PICK(g, casts));
		parenthesised(g, integer, depth - 1);
		break;
	case 5:
		oracle(g, "M(");
		parenthesised(g, pointer, depth - 1);
		ours(g, is_single ? "->f" : "->real");
		oracle(g, is_single ? ", f)" : ", real)");
		break;
	case 6: choice(g, real, depth - 1); break;
	default: variable(g, PICK(g, names)); break;
	}
}

static void real_comparison(struct generator *g, unsigned depth)
{
	parenthesised(g, generate_below(g, 3) ? real : integer, depth);
	both(g, PICK(g, comparisons));
	parenthesised(g, real, depth);
}

static void text_literal(struct generator *g, unsigned longest)
{
	static const unsigned lengths[] = {0, 1,  1,  2,  2,  3,  4,  4, 5,
					   8, 15, 16, 17, 63, 64, 70, 71};
	unsigned len = PICK(g, lengths);

	len = len < longest ? len : longest;
	both(g, "\"");
	for (unsigned i = 0; i < len; i++)
		both(g, len > 20 || generate_below(g, 4) ? "a" : "b");
	both(g, "\"");
}

/* buffer == "x", starts_with(p->text, "x") ... */
static void text(struct generator *g, unsigned depth)
{
	static const char *const names[] = {"string",	 "longer",	"buffer",   "exact",
					    "node.name", "wild_string", "node.text"};
	static const char *const operations[] = {"EQ", "STARTS", "CONTAINS"};
	static const char *const functions[] = {"", "starts_with(", "contains("};
	unsigned operation = generate_below(g, 3), i = generate_below(g, ARRAY_LEN(names) + 2);
	bool inverted = !operation && generate_below(g, 3) == 0;
	bool is_array = i >= 2 && i <= 4;

	ours(g, functions[operation]);
	strbuf_printf(&g->oracle, "%s%s%s(", inverted ? "!" : "", operations[operation],
		      is_array ? "_ARRAY" : "");
	if (i < ARRAY_LEN(names)) {
		variable(g, names[i]);
	} else {
		oracle(g, "M(");
		parenthesised(g, pointer, depth);
		ours(g, "->text");
		oracle(g, ", text)");
	}
	ours(g, operation ? ", " : inverted ? " != " : " == ");
	oracle(g, ", ");
	text_literal(g, operation == 2 ? 64 : 100);
	oracle(g, ")");
	ours(g, operation ? ")" : "");
}

static void condition(struct generator *g, unsigned depth)
{
	static const char *const logical[] = {"&&", "||"};
	unsigned inner = depth ? depth - 1 : 0;

	switch (generate_below(g, 10)) {
	case 0: infix(g, PICK(g, logical), pointer, inner); break;
	case 1:
	case 2: infix(g, PICK(g, logical), depth ? condition : integer, inner); break;
	case 3: infix(g, PICK(g, comparisons), pointer, inner); break;
	case 4:
	case 5: real_comparison(g, inner); break;
	case 6: text(g, inner); break;
	case 7:
		both(g, "!");
		parenthesised(g, generate_below(g, 2) ? real : pointer, inner);
		break;
	default: infix(g, PICK(g, comparisons), integer, inner); break;
	}
}

void generate_expression(struct generator *g, unsigned depth)
{
	strbuf_clear(&g->ours);
	strbuf_clear(&g->oracle);
	switch (generate_below(g, 8)) {
	case 0: pointer(g, depth); break;
	case 1:
	case 2:
	case 3: condition(g, depth); break;
	default: integer(g, depth); break;
	}
}

static u64 random_number(struct generator *g)
{
	static const u64 edges[] = {0,		1,	   (u64)-1,    2,
				    127,	128,	   255,	       32767,
				    32768,	INT32_MAX, 1ull << 31, UINT32_MAX,
				    1ull << 32, INT64_MAX, 1ull << 63, (1ull << 53) + 1};

	return generate_below(g, 3) ? generate_random(g) >> generate_below(g, 64) : PICK(g, edges);
}

static double random_real(struct generator *g)
{
	static const double edges[] = {0,   -0.0,  1,	    -1,	      0.5,
				       0.1, 1e300, -1e-310, 16777216, 9007199254740992};
	union {
		u64 bits;
		double value;
	} any = {generate_random(g)};

	switch (generate_below(g, 6)) {
	case 0: return any.value;
	case 1: return NAN;
	case 2: return generate_below(g, 2) ? INFINITY : -INFINITY;
	case 3: return (double)(s64)random_number(g);
	default: return PICK(g, edges);
	}
}

static float random_single(struct generator *g)
{
	union {
		u32 bits;
		float value;
	} any = {(u32)generate_random(g)};

	if (generate_below(g, 4) == 0)
		any.bits &= 0x807fffff; /* denormal */
	return generate_below(g, 3) ? (float)random_real(g) : any.value;
}

static void random_text(struct generator *g, char *text, size_t size, bool ends)
{
	for (size_t i = 0; i < size; i++)
		text[i] = generate_below(g, 12) == 0 ? '\0' : generate_below(g, 4) ? 'a' : 'b';
	if (ends)
		text[size - 1] = '\0';
}

static void random_node(struct generator *g, struct node *node, struct world *world)
{
	struct node *targets[] = {
		&world->nodes[0],   &world->nodes[1], &world->nodes[2], &world->node, NULL,
		(struct node *)0x10};
	u8 *bytes = (u8 *)node;

	for (size_t i = 0; i < sizeof(*node); i++)
		bytes[i] = (u8)random_number(g);
	node->next = PICK(g, targets);
	node->text = generate_below(g, 8) ? world->text[generate_below(g, 2)] : (char *)0x10;
	node->where = &world->nodes[generate_below(g, 3)].at;
	node->f = random_single(g);
	node->real = random_real(g);
	random_text(g, node->name, sizeof(node->name), false);
}

void generate_world(struct generator *g, struct world *world)
{
	struct node *targets[] = {&world->nodes[0], &world->nodes[1], &world->nodes[2],
				  &world->node};

#define X(name, type, basic) world->name = (type)random_number(g);
	WORLD_SCALARS(X)
#undef X
	world->zero = 0;
	world->f = random_single(g);
	world->g = generate_below(g, 4) ? random_single(g) : world->f;
	world->real = random_real(g);
	world->other = generate_below(g, 4) ? random_real(g) : world->f;
	world->color = (int)random_number(g);
	world->big = (unsigned)random_number(g);
	world->v1 = (long)(0 - (world->r2 - 7));
	world->pair.x = world->r3;
	world->pair.y = 42;
	for (unsigned i = 0; i < 4; i++)
		random_node(g, targets[i], world);
	for (unsigned i = 0; i < 5; i++)
		world->array[i] = (int)random_number(g);
	random_text(g, world->buffer, sizeof(world->buffer), false);
	random_text(g, world->exact, sizeof(world->exact), false);
	random_text(g, world->text[0], sizeof(world->text[0]), true);
	memset(world->text[1], 'a', sizeof(world->text[1]));
	world->text[1][70 + generate_below(g, 3)] = generate_below(g, 2) ? 'b' : '\0';
	world->text[1][sizeof(world->text[1]) - 1] = '\0';
	world->string = world->text[0];
	world->longer = world->text[1];
	world->wild_string = (char *)0x10;
	world->p = PICK(g, targets);
	world->null = NULL;
	world->wild = (struct node *)0x10;
	world->ip = &world->array[0];
	world->bytes = (unsigned char *)targets[generate_below(g, 4)];
}
