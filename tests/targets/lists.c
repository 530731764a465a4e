// SPDX-License-Identifier: BSD-2-Clause
// corpus
// Linked lists and a binary tree: recursion, pointers to structs, a cycle, swapped nodes.
#include "common.h"

struct node {
	int key;
	const char *label;
	struct node *next;
	struct node *previous;
};

struct tree {
	int key;
	unsigned depth : 6;
	unsigned is_leaf : 1;
	struct tree *child[2];
};

static const char *const labels[] = {"ash", "birch", "cedar", "fir", "larch", "oak", "pine"};
static unsigned long inserted, visited;
static struct tree pool[64];
static unsigned pool_used;

static NOINLINE struct node *list_push(struct node *head, int key)
{
	struct node *fresh = malloc(sizeof(*fresh));

	fresh->key = key;
	fresh->label = labels[key % 7];
	fresh->next = head;
	fresh->previous = NULL;
	if (head)
		head->previous = fresh;
	inserted++;
	return fresh;
}

static NOINLINE struct node *list_reverse(struct node *head)
{
	struct node *done = NULL;

	while (head) {
		struct node *rest = head->next;

		head->next = done;
		head->previous = rest;
		done = head;
		head = rest;
	}
	return done;
}

static NOINLINE long list_sum(const struct node *node, int (*weight)(const struct node *))
{
	long sum = 0;
	int position = 0;

	for (; node; node = node->next) {
		int w = weight(node);

		sum += (long)w * position;
		position++;
	}
	return sum;
}

static int by_key(const struct node *node)
{
	return node->key;
}

static int by_length(const struct node *node)
{
	size_t length = strlen(node->label);

	return (int)length + node->key % 3;
}

static NOINLINE struct tree *tree_insert(struct tree *tree, int key, unsigned depth)
{
	if (!tree) {
		struct tree *leaf = &pool[pool_used++];

		leaf->key = key;
		leaf->depth = depth;
		leaf->is_leaf = 1;
		return leaf;
	}
	int side = key > tree->key;

	tree->is_leaf = 0;
	tree->child[side] = tree_insert(tree->child[side], key, depth + 1);
	return tree;
}

static NOINLINE int tree_height(const struct tree *tree)
{
	int left, right;

	if (!tree)
		return 0;
	visited++;
	left = tree_height(tree->child[0]);
	right = tree_height(tree->child[1]);
	return 1 + (left > right ? left : right);
}

static NOINLINE long tree_walk(const struct tree *tree, long (*visit)(const struct tree *, long),
			       long total)
{
	if (tree->child[0])
		total = tree_walk(tree->child[0], visit, total);
	total = visit(tree, total);
	if (tree->child[1])
		total = tree_walk(tree->child[1], visit, total);
	return total;
}

static long add_weighted(const struct tree *tree, long total)
{
	long weight = tree->is_leaf ? 2 : 1;

	return total + weight * tree->key * tree->depth;
}

int main(void)
{
	struct sequence sequence = {.state = 7};
	struct node *head = NULL;
	struct tree *root = NULL;
	long sums[2], total;

	for (int i = 0; i < 40; i++) {
		int key = (int)(sequence_next(&sequence) % 1000);

		head = list_push(head, clamp(key, 10, 900));
		root = tree_insert(root, key, 0);
	}
	sums[0] = list_sum(head, by_key);
	head = list_reverse(head);
	sums[1] = list_sum(head, by_length);
	total = tree_walk(root, add_weighted, 0);
	printf("sums %ld %ld walk %ld height %d\n", sums[0], sums[1], total, tree_height(root));
	printf("count list_push %lu tree_height %lu\n", inserted, visited);
	return 0;
}
