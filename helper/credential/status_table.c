/* SPDX-License-Identifier: Apache-2.0 */
#include "status_table.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../common/utc.h"
#include "delegate-credentials.h"
#include "wrap.h"

#define RULE_WIDTH 20
#define ACCOUNT_WIDTH 36
#define JTI_WIDTH 8 /* enough to tell two apart, as git does */
#define INDENT 4

#define MINUTE INT64_C(60)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

struct text {
	char *buf;
	size_t size;
	size_t len;
};

static void put(struct text *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void put(struct text *t, const char *fmt, ...)
{
	size_t room = t->size - t->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->buf + t->len, room, fmt, ap);
	va_end(ap);
	if (n > 0)
		t->len += (size_t)n < room ? (size_t)n : room - 1;
}

/* One column and the two blanks behind it. */
static void put_column(struct text *t, const char *s, int width)
{
	if (strlen(s) > (size_t)width)
		put(t, "%.*s...  ", width - 3, s);
	else
		put(t, "%-*s  ", width, s);
}

static void put_duration(struct text *t, int64_t s)
{
	if (s >= DAY)
		put(t, "%" PRId64 "d%02dh", s / DAY, (int)(s % DAY / HOUR));
	else if (s >= HOUR)
		put(t, "%dh%02dm", (int)(s / HOUR), (int)(s % HOUR / MINUTE));
	else if (s >= MINUTE)
		put(t, "%dm%02ds", (int)(s / MINUTE), (int)(s % MINUTE));
	else
		put(t, "%ds", (int)s);
}

static void put_end(struct text *t, const struct store_state *s, int64_t now)
{
	if (!s->present)
		put(t, "nothing");
	else if (s->meta.expires == 0)
		put(t, "never");
	else if (s->meta.expires <= now)
		put(t, "expired");
	else
		put_duration(t, s->meta.expires - now);
}

static void put_wrapped(struct text *t, const char *s, size_t first_column)
{
	size_t width = WRAP_COLUMNS - first_column;

	for (;;) {
		size_t len = wrap_line(s, width);

		put(t, "%.*s\n", (int)len, s);
		s += len + strspn(s + len, " ");
		if (*s == '\0')
			return;
		put(t, "%*s", INDENT, "");
		width = WRAP_COLUMNS - INDENT;
	}
}

static void put_error(struct text *t, const struct storemeta_error *e,
		      int64_t now)
{
	size_t start = t->len;

	put(t, "  error %d, ", e->code);
	put_duration(t, now > e->at ? now - e->at : 0);
	put(t, " ago: ");
	put_wrapped(t, e->msg, t->len - start);
}

void status_table_head(char *out, size_t size)
{
	struct text t = { .buf = out, .size = size };

	put_column(&t, "RULE", RULE_WIDTH);
	put_column(&t, "ACCOUNT", ACCOUNT_WIDTH);
	put_column(&t, "JTI", JTI_WIDTH);
	put(&t, "EXPIRES IN\n");
}

void status_table_rule(const char *rule, const struct store_state *s,
		       int64_t now, char *out, size_t size)
{
	const struct storemeta *m = &s->meta;
	struct text t = { .buf = out, .size = size };
	char jti[JTI_WIDTH + 1];

	snprintf(jti, sizeof(jti), "%.*s", JTI_WIDTH,
		 !s->present || m->jti[0] == '\0' ? "-" : m->jti);
	put_column(&t, rule, RULE_WIDTH);
	put_column(&t, !s->present || m->account[0] == '\0' ? "-" : m->account,
		   ACCOUNT_WIDTH);
	put_column(&t, jti, JTI_WIDTH);
	put_end(&t, s, now);
	put(&t, "\n");
	if (s->failed)
		put_error(&t, &s->error, now);
}

/* Both take the place of json_pack's "s?", which knows no empty string. */
static json_t *text_or_null(bool there, const char *s)
{
	return there && s[0] != '\0' ? json_string(s) : json_null();
}

static json_t *time_or_null(bool there, int64_t seconds)
{
	char text[UTC_SIZE];

	if (!there || seconds == 0)
		return json_null();
	utc_format(seconds, text);
	return json_string(text);
}

static json_t *error_or_null(const struct store_state *s)
{
	if (!s->failed)
		return json_null();
	return json_pack("{s:i,s:s,s:o}", "code", s->error.code, "msg",
			 s->error.msg, "at", time_or_null(true, s->error.at));
}

json_t *status_table_json(const char *rule, const struct store_state *s,
			  int64_t now)
{
	const struct storemeta *m = &s->meta;
	bool expires = s->present && m->expires != 0;

	return json_pack(
		"{s:s,s:b,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "rule", rule,
		"present", s->present, "account",
		text_or_null(s->present, m->account), "audience",
		text_or_null(s->present, m->audience), "jti",
		text_or_null(s->present, m->jti), "issued",
		time_or_null(s->present, m->issued), "expires",
		time_or_null(s->present, m->expires), "expiresInSeconds",
		expires ? json_integer(m->expires - now) : json_null(), "error",
		error_or_null(s));
}
