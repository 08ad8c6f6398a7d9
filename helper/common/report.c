/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "quote.h"

static bool is_noted(const struct report *r, const char *text)
{
	for (size_t i = 0; i < r->fallback_count && i < REPORT_FALLBACKS; i++) {
		if (strcmp(r->fallbacks[i], text) == 0)
			return true;
	}
	return false;
}

void report_fallback(struct report *r, const char *fmt, ...)
{
	char text[REPORT_FALLBACK_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (is_noted(r, text))
		return;
	if (r->fallback_count < REPORT_FALLBACKS)
		memcpy(r->fallbacks[r->fallback_count], text, strlen(text) + 1);
	r->fallback_count++;
}

/* What is being written. The last byte of buf is kept for a NUL. */
struct line {
	char *buf;
	size_t size;
	size_t len;
	size_t string_max; /* bytes of one string between its quotes */
	bool full;	   /* something did not fit: the text is of no use */
};

static void put(struct line *l, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void put(struct line *l, const char *fmt, ...)
{
	size_t room = l->size - l->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(l->buf + l->len, room, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= room)
		l->full = true;
	else
		l->len += (size_t)n;
}

/* Cut between two characters where it is too long. */
static void put_string(struct line *l, const char *s)
{
	size_t written = 0;
	char c[QUOTE_MAX];

	put(l, "\"");
	while (*s != '\0') {
		size_t len = quote_next(&s, c);

		written += len;
		if (written > l->string_max)
			break;
		put(l, "%.*s", (int)len, c);
	}
	put(l, "\"");
}

static void put_optional(struct line *l, const char *s)
{
	if (s == NULL || s[0] == '\0')
		put(l, "null");
	else
		put_string(l, s);
}

static void put_types(struct line *l, const struct cni_types *t)
{
	const char *const all[] = { t->main, t->ipam, t->delegate,
				    t->delegate_ipam };

	for (size_t i = 0; i < 4; i++) {
		put(l, i == 0 ? "[" : ",");
		put_string(l, all[i]);
	}
	put(l, "]");
}

const char *report_source_name(enum report_source s)
{
	static const char *const names[] = {
		[SOURCE_NONE] = "none",
		[SOURCE_DIRECTORY] = "directory",
		[SOURCE_STORE] = "store",
		[SOURCE_CONF] = "conf",
		[SOURCE_HOST] = "host",
	};

	return names[s];
}

/* The civil date of a day since 1970, by eras of 400 years from March 1. */
static void put_date(struct line *l, int64_t day)
{
	int64_t era = (day + 719468) / 146097;
	int64_t of_era = day + 719468 - era * 146097;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 -
			of_era / 146096) /
		       365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * of_year + 2) / 153; /* 0 is March */

	put(l, "%04" PRId64 "-%02" PRId64 "-%02" PRId64,
	    era * 400 + year + (month >= 10), month < 10 ? month + 3 : month - 9,
	    of_year - (153 * month + 2) / 5 + 1);
}

/* Not gmtime(3): it reads the time zone's files. */
static void put_time(struct line *l, int64_t t)
{
	if (t <= 0) {
		put(l, "null");
		return;
	}
	put(l, "\"");
	put_date(l, t / 86400);
	put(l, "T%02" PRId64 ":%02" PRId64 ":%02" PRId64 "Z\"",
	    t % 86400 / 3600, t % 3600 / 60, t % 60);
}

static void put_request(struct line *l, const struct report *r)
{
	put(l, "{\"v\":%d,\"rule\":", DC_REPORT_VERSION);
	put_optional(l, r->rule);
	put(l, ",\"plugin\":");
	put_optional(l, r->plugin);
	put(l, ",\"types\":");
	put_types(l, &r->types);
	put(l, ",\"command\":");
	put_optional(l, cni_command_name(r->command));
	put(l, ",\"podNamespace\":");
	put_optional(l, r->pod.namespace);
	put(l, ",\"pod\":");
	put_optional(l, r->pod.name);
	put(l, ",\"source\":\"%s\",\"jti\":", report_source_name(r->source));
	put_optional(l, r->jti);
	put(l, ",\"expires\":");
	put_time(l, r->expires);
}

/* Those that are left out are at least counted. */
static void put_fallbacks(struct line *l, const struct report *r, size_t shown)
{
	put(l, ",\"fallbacks\":[");
	for (size_t i = 0; i < shown; i++) {
		if (i > 0)
			put(l, ",");
		put_string(l, r->fallbacks[i]);
	}
	if (shown < r->fallback_count)
		put(l, "%s\"%zu more\"", shown > 0 ? "," : "",
		    r->fallback_count - shown);
	put(l, "]");
}

static void put_outcome(struct line *l, const struct report *r)
{
	put(l, ",\"setupMicroseconds\":%" PRIu64, r->setup_us);
	put(l, ",\"teardownMicroseconds\":%" PRIu64, r->teardown_us);
	if (r->exit_status < 0)
		put(l, ",\"exitStatus\":null");
	else
		put(l, ",\"exitStatus\":%d", r->exit_status);
	if (r->signal == 0)
		put(l, ",\"signal\":null");
	else
		put(l, ",\"signal\":%d", r->signal);
}

static void put_error(struct line *l, const struct err *e)
{
	if (e == NULL || e->code == 0) {
		put(l, ",\"error\":null");
		return;
	}
	put(l, ",\"error\":{\"code\":%d,\"msg\":", e->code);
	put_string(l, e->msg);
	put(l, "}");
}

/* One attempt; false where it does not fit. */
static bool put_report(struct line *l, const struct report *r, size_t shown)
{
	put_request(l, r);
	put_fallbacks(l, r, shown);
	put_outcome(l, r);
	put_error(l, r->error);
	put(l, "}\n");
	return !l->full;
}

size_t report_format(const struct report *r, char *out, size_t size)
{
	size_t shown = r->fallback_count, max = DC_REPORT_MAX;
	struct line l;

	if (shown > REPORT_FALLBACKS)
		shown = REPORT_FALLBACKS;
	if (size > DC_REPORT_MAX)
		size = DC_REPORT_MAX;
	for (;;) {
		l = (struct line){ .buf = out,
				   .size = size,
				   .string_max = max };
		if (put_report(&l, r, shown) || max == 0)
			return l.len;
		if (shown > 0)
			shown--;
		else
			max /= 2;
	}
}

static bool is_version(const char *s)
{
	size_t len = s == NULL ? 0 : strspn(s, "0123456789.");

	return len > 0 && len < 16 && s[len] == '\0';
}

size_t cni_error_format(const char *cni_version, const struct err *e, char *out,
			size_t size)
{
	struct line l = { .buf = out, .size = size };

	put(&l, "{");
	if (is_version(cni_version))
		put(&l, "\"cniVersion\":\"%s\",", cni_version);
	put(&l, "\"code\":%d,\"msg\":", e->code);
	l.string_max = size - l.len - sizeof("\"\"}\n");
	put_string(&l, e->msg);
	put(&l, "}\n");
	return l.len;
}
