// SPDX-License-Identifier: BSD-2-Clause
// A small order service with a bug, for `make demo`: it books orders for as long as it is let
// (at most argv[1] seconds). Now and then the total of an order comes out negative. Which order, and
// why? The quantity of one customer's orders is kept in a field that is too small.
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum status { ORDER_NEW, ORDER_PAID, ORDER_SHIPPED };

struct money {
	long cents;
	char currency[4];
};

struct item {
	const char *article;
	int8_t quantity; /* the bug: 127 at most */
	struct money price;
};

struct customer {
	unsigned id;
	char name[16];
	struct money balance;
};

struct order {
	unsigned id;
	enum status status;
	struct customer *customer;
	unsigned n_items;
	struct item items[3];
};

static struct customer customers[] = {
	{1, "Ada", {0, "EUR"}},
	{2, "Grace", {0, "EUR"}},
	{3, "Wholesale", {0, "EUR"}},
};
static const char *const articles[] = {"pen", "paper", "ink"};
static long refused;
static unsigned last_refused;

static __attribute__((noinline)) long order_total(const struct order *order)
{
	long total = 0;

	for (unsigned i = 0; i < order->n_items; i++) {
		const struct item *item = &order->items[i];

		total += item->quantity * item->price.cents;
	}
	return total;
}

static __attribute__((noinline)) int book(struct order *order)
{
	long total = order_total(order);

	if (total < 0) {
		refused++;
		last_refused = order->id;
	}
	order->customer->balance.cents += total; /* the demo's place */
	order->status = ORDER_PAID;
	return total >= 0;
}

static __attribute__((noinline)) void serve(unsigned id)
{
	struct order order = {.id = id, .customer = &customers[id % 3], .n_items = 1 + id % 3};

	for (unsigned i = 0; i < order.n_items; i++) {
		unsigned amount = 1 + (id * 7 + i) % 9;

		if (order.customer->id == 3 && id % 1000 > 900)
			amount *= 30;
		order.items[i] = (struct item){articles[i], (int8_t)amount, {250 + 10 * i, "EUR"}};
	}
	if (book(&order))
		order.status = ORDER_SHIPPED;
}

int main(int argc, char **argv)
{
	const struct timespec pause = {.tv_nsec = 200000};
	time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 60);

	for (unsigned id = 1; time(NULL) < end; id++) {
		serve(id);
		nanosleep(&pause, NULL);
	}
	printf("%ld orders with a negative total, the last one %u\n", refused, last_refused);
	return 0;
}
