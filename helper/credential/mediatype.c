/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "mediatype.h"

bool mediatype_is_json(const char *value)
{
	static const char json[] = "application/json";
	const char *rest;

	if (!value || strncasecmp(value, json, strlen(json)) != 0)
		return false;
	rest = value + strlen(json);
	rest += strspn(rest, " \t");
	return *rest == '\0' || *rest == ';';
}
