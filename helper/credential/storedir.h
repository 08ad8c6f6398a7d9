/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STOREDIR_H
#define STOREDIR_H

#include <stdbool.h>
#include <stddef.h>

#include "store.h"

/* The rules that have a place in the store, in the order of their names. */
struct storedir {
	char **rules;
	size_t count;
};

/*
 * A directory counts as a rule's if its name is a label and it has a lock, so
 * that a --store which is something else is left alone. ret is the caller's to
 * free.
 */
int storedir_list(const struct store *s, struct storedir *ret, struct err *e)
	__attribute__((warn_unused_result));

void storedir_free(struct storedir *d);

/*
 * Removes a rule's credential, what is known of it and its place. Waits for a
 * request that is under way. Readers that hold it open keep what they hold.
 */
int storedir_remove(const struct store *s, const char *rule, struct err *e)
	__attribute__((warn_unused_result));

#endif
