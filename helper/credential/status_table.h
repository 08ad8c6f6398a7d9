/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STATUS_TABLE_H
#define STATUS_TABLE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "store.h"

/*
 * What the store has, for people (80 columns; what is too long for its column
 * is cut, an error has lines of its own) and for programs. Pure.
 */

/* The line above the table, and one rule's lines, at the Unix time now. */
void status_table_head(char *out, size_t size);
void status_table_rule(const char *rule, const struct store_state *s,
		       int64_t now, char *out, size_t size);

/* One rule; the caller's reference. NULL where there is no memory. */
json_t *status_table_json(const char *rule, const struct store_state *s,
			  int64_t now);

#endif
