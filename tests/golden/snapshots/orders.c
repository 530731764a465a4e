/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program of the recorded snapshots beside this file: without a C library, so that a record and
 * this binary are all that a replay needs. `record` says how they were made.
 */
struct item {
	const char *name;
	unsigned price : 20;
	unsigned is_gift : 1;
	int count;
	struct item *next;
};

enum state { NEW, PAID = 4, SENT };

struct order {
	long id;
	enum state state;
	struct item *items;
	double weight;
	char note[24];
	union {
		int code;
		unsigned char bytes[4];
	};
};

static struct item items[] = {
	{"pen", 120, 0, 3, &items[1]},
	{"paper\t\"A4\"", 350, 1, 1, &items[2]},
	{"ink", 999999, 0, -2, &items[0]},
};
static volatile long checked;
long totals[2][3] = {{1, 2, 3}, {4, 5, 6}};

static inline __attribute__((always_inline)) int price_of(const struct item *item)
{
	int price = (int)item->price * item->count;

	checked += price;
	return item->is_gift ? 0 : price;
}

__attribute__((noinline)) static int total(const struct order *order, int rounds)
{
	const struct item *item = order->items;
	int sum = 0;

	for (int i = 0; i < rounds; i++, item = item->next)
		sum += price_of(item);
	return sum;
}

__attribute__((noinline)) static int handle(struct order *order, int depth)
{
	int sum;

	if (depth > 0)
		return handle(order, depth - 1) + 1;
	order->state = PAID;
	sum = total(order, 5);
	order->code = sum;
	return sum;
}

static int run(void)
{
	struct order order = {77, NEW, items, 2.5, "leave at the door", {0}};
	int result = 0;

	for (int i = 0; i < 3; i++) {
		order.id += i;
		result += handle(&order, i);
	}
	return result & 63;
}

__attribute__((force_align_arg_pointer, noreturn)) void _start(void)
{
	int status = run();

	asm volatile("syscall" : : "a"(60), "D"(status) : "rcx", "r11", "memory");
	__builtin_unreachable();
}
