/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "rfc3339.h"

/* Written once more it has to be the same: no 31st of February gets past. */
int rfc3339_parse(const char *text, int64_t *ret)
{
	struct tm tm = { 0 };
	char again[32];
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	time_t at;

	if (!end || *end != '\0')
		return -1;
	at = timegm(&tm);
	if (strftime(again, sizeof(again), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0 ||
	    strcmp(again, text))
		return -1;
	*ret = at;
	return 0;
}
