/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cleantext.h"
#include "storeformat.h"

static json_t *text_or_null(const char *s)
{
	return s && *s ? json_string(s) : json_null();
}

/* Takes root. Returns the length, or -1. */
static int format(json_t *root, char ret[DC_STORE_META_MAX], struct err *e)
{
	size_t len = root ? json_dumpb(root, ret, DC_STORE_META_MAX,
				       JSON_COMPACT | JSON_ENSURE_ASCII) :
			    0;

	json_decref(root);
	if (len == 0)
		return err_set(e, DC_CODE_INTERNAL,
			       "give the program more memory");
	/* Nothing else in it can be so long. */
	if (len > DC_STORE_META_MAX)
		return err_set(e, DC_CODE_CONFIG,
			       "shorten the audience of the token");
	return (int)len;
}

int storeformat_meta(const struct store_generation *g,
		     char ret[DC_STORE_META_MAX], struct err *e)
{
	struct storemeta again;
	int len = format(
		json_pack("{s:i, s:I, s:o, s:o, s:o, s:o}", "v",
			  DC_STORE_META_VERSION, "issued",
			  (json_int_t)g->issued, "expires",
			  g->expires ? json_integer(g->expires) : json_null(),
			  "jti", text_or_null(g->jti), "audience",
			  text_or_null(g->audience), "account",
			  text_or_null(g->account)),
		ret, e);

	if (len < 0)
		return -1;
	if (storemeta_parse(ret, (size_t)len, &again, e) < 0)
		return err_set(e, DC_CODE_CONFIG,
			       "correct the audience of the token: %s", e->msg);
	return len;
}

int storeformat_error(const struct err *why, int64_t at,
		      char ret[DC_STORE_META_MAX], struct err *e)
{
	char msg[DC_STORE_MESSAGE_MAX + 1];

	cleantext(why->msg, strlen(why->msg), msg, sizeof(msg));
	return format(json_pack("{s:i, s:i, s:s, s:I}", "v",
				DC_STORE_META_VERSION, "code", why->code, "msg",
				msg, "at", (json_int_t)at),
		      ret, e);
}

void storeformat_generation(int64_t seconds, long nanoseconds,
			    char ret[DC_STORE_GENERATION_MAX + 1])
{
	time_t at = (time_t)seconds;
	char date[32] = "";
	struct tm tm;

	if (gmtime_r(&at, &tm))
		strftime(date, sizeof(date), "%Y_%m_%d_%H_%M_%S", &tm);
	snprintf(ret, DC_STORE_GENERATION_MAX + 1, "..%s.%09ld", date,
		 nanoseconds);
}
