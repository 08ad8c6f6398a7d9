/* SPDX-License-Identifier: Apache-2.0 */
#include "mistakes.h"

#include <string.h>

bool mistakes_next(const char *file, const struct config_mistakes *m, size_t *i,
		   char *ret, size_t size)
{
	const struct config_mistake *at;

	if (*i >= m->count || *i > CONFIG_MAX_MISTAKES)
		return false;
	if (*i == CONFIG_MAX_MISTAKES) {
		snprintf(ret, size, "%s: and %zu more", file, m->count - *i);
	} else {
		at = &m->items[*i];
		snprintf(ret, size, "%s:%zu:%zu: %s: %s", file, at->line,
			 at->column, at->key, at->text);
	}
	++*i;
	return true;
}

bool mistakes_are_same(const struct config_mistakes *a,
		       const struct config_mistakes *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count && i < CONFIG_MAX_MISTAKES; i++) {
		const struct config_mistake *x = &a->items[i];
		const struct config_mistake *y = &b->items[i];

		if (x->line != y->line || x->column != y->column ||
		    strcmp(x->key, y->key) != 0 ||
		    strcmp(x->text, y->text) != 0)
			return false;
	}
	return true;
}

void mistakes_print(const char *file, const struct config_mistakes *m,
		    FILE *out)
{
	char line[MISTAKES_LINE];
	size_t i = 0;

	while (mistakes_next(file, m, &i, line, sizeof(line)))
		fprintf(out, "%s\n", line);
}
