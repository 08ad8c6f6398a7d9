/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>

#include "boundedjson.h"

struct extent {
	size_t depth;
	size_t values; /* each but the first has a comma or a bracket before it */
};

static void extend(struct extent *x, char c)
{
	bool opens = c == '{' || c == '[';

	if (opens)
		x->depth++;
	else if ((c == '}' || c == ']') && x->depth)
		x->depth--;
	if (opens || c == ',')
		x->values++;
}

static bool is_too_large(const struct extent *x)
{
	return x->depth > BOUNDEDJSON_MAX_DEPTH ||
	       x->values > BOUNDEDJSON_MAX_VALUES;
}

/* What is in strings does not count. Of what is no JSON any answer will do. */
static bool is_bounded(const char *buf, size_t len)
{
	struct extent x = { .values = 1 };
	bool in_string = false;

	for (size_t i = 0; i < len && !is_too_large(&x); i++) {
		if (in_string && buf[i] == '\\')
			i++;
		else if (buf[i] == '"')
			in_string = !in_string;
		else if (!in_string)
			extend(&x, buf[i]);
	}
	return !is_too_large(&x);
}

json_t *boundedjson_parse(const char *buf, size_t len)
{
	json_error_t ignored;

	if (!is_bounded(buf, len))
		return NULL;
	return json_loadb(buf, len, JSON_REJECT_DUPLICATES, &ignored);
}

const char *boundedjson_string(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}
