/* SPDX-License-Identifier: Apache-2.0 */
#include "mistakes.h"

void mistakes_print(const char *file, const struct config_mistakes *m,
		    FILE *out)
{
	for (size_t i = 0; i < m->count && i < CONFIG_MAX_MISTAKES; i++) {
		const struct config_mistake *at = &m->items[i];

		fprintf(out, "%s:%zu:%zu: %s: %s\n", file, at->line,
			at->column, at->key, at->text);
	}
	if (m->count > CONFIG_MAX_MISTAKES)
		fprintf(out, "%s: and %zu more\n", file,
			m->count - CONFIG_MAX_MISTAKES);
}
