/* SPDX-License-Identifier: Apache-2.0 */
#include "logline.h"

#include <inttypes.h>
#include <stdio.h>

#include "../common/utc.h"

/* Rounded up: "in 0 s" would read as a mistake. */
static int64_t seconds(int64_t wait)
{
	return (wait + 999) / 1000;
}

static void describe(const struct storemeta *held, char *out, size_t size)
{
	char expires[UTC_SIZE];

	if (held->expires == 0) {
		snprintf(out, size, "no token");
		return;
	}
	utc_format(held->expires, expires);
	snprintf(out, size, "jti %s, expires %s",
		 held->jti[0] == '\0' ? "-" : held->jti, expires);
}

void logline_request(const char *rule, const struct fetch_result *r,
		     const struct storemeta *held, int64_t wait, char *out,
		     size_t size)
{
	char what[DC_STORE_JTI_MAX + 64];

	if (r->outcome != FETCH_DONE) {
		snprintf(out, size, "rule %s: %s, again in %" PRId64 " s: %s",
			 rule,
			 r->outcome == FETCH_REFUSED ? "refused" : "failed",
			 seconds(wait), r->err.msg);
		return;
	}
	describe(held, what, sizeof(what));
	snprintf(out, size, "rule %s: renewed, %s, next in %" PRId64 " s%s%s",
		 rule, what, seconds(wait),
		 r->warning[0] == '\0' ? "" : ", the API server warns: ",
		 r->warning);
}

void logline_found(const char *rule, const struct storemeta *held,
		   int64_t wait, char *out, size_t size)
{
	char what[DC_STORE_JTI_MAX + 64];

	describe(held, what, sizeof(what));
	snprintf(out, size, "rule %s: in the store, %s, next in %" PRId64 " s",
		 rule, what, seconds(wait));
}
