/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>

#include "boundedjson.h"

/* Brackets in strings do not count. Of what is no JSON any answer will do. */
static bool is_too_deep(const char *buf, size_t len)
{
	bool in_string = false;
	size_t depth = 0;

	for (size_t i = 0; i < len && depth <= BOUNDEDJSON_MAX_DEPTH; i++) {
		if (in_string && buf[i] == '\\')
			i++;
		else if (buf[i] == '"')
			in_string = !in_string;
		else if (!in_string && (buf[i] == '{' || buf[i] == '['))
			depth++;
		else if (!in_string && (buf[i] == '}' || buf[i] == ']') && depth)
			depth--;
	}
	return depth > BOUNDEDJSON_MAX_DEPTH;
}

json_t *boundedjson_parse(const char *buf, size_t len)
{
	json_error_t ignored;

	if (is_too_deep(buf, len))
		return NULL;
	return json_loadb(buf, len, JSON_REJECT_DUPLICATES, &ignored);
}

const char *boundedjson_string(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}
