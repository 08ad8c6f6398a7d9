/* SPDX-License-Identifier: Apache-2.0 */
#include "utc.h"

#include <time.h>

#define YEAR_0 INT64_C(-62167219200)
#define YEAR_9999_END INT64_C(253402300799)

void utc_format(int64_t unix_seconds, char ret[UTC_SIZE])
{
	time_t when = unix_seconds;
	struct tm tm;

	if (unix_seconds < YEAR_0)
		when = YEAR_0;
	else if (unix_seconds > YEAR_9999_END)
		when = YEAR_9999_END;
	gmtime_r(&when, &tm);
	/* %Y of a year below 1000 is short of zeros. */
	tm.tm_year += 1900;
	ret[0] = (char)('0' + tm.tm_year / 1000);
	ret[1] = (char)('0' + tm.tm_year / 100 % 10);
	ret[2] = (char)('0' + tm.tm_year / 10 % 10);
	ret[3] = (char)('0' + tm.tm_year % 10);
	strftime(ret + 4, UTC_SIZE - 4, "-%m-%dT%H:%M:%SZ", &tm);
}
