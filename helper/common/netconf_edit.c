/* SPDX-License-Identifier: Apache-2.0 */
#include "netconf_edit.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "delegate-credentials.h"
#include "json.h"
#include "netkey.h"
#include "quote.h"

/* An object that is a parent of keys. Sets of values are one bit a value. */
struct level {
	uint64_t values; /* those whose keys lead through it */
	uint64_t seen;	 /* those of which it has the next part */
	bool has_members;
};

struct edit {
	const char *buf;
	const struct netconf_value *values;
	size_t count;
	size_t done;	/* up to where buf is written, or replaced */
	bool replacing; /* the object or array at hand is replaced */
	/* Of the members of the innermost level; the count of the levels. */
	unsigned depth;
	struct level levels[NETKEY_MAX_PARTS];
	const struct netconf_sink *sink;
	size_t room;	/* how much may still be written */
	char out[4096]; /* not yet in the sink: it gets no crumbs */
	size_t out_len;
};

static int flush(struct edit *ed, struct err *e)
{
	size_t len = ed->out_len;

	ed->out_len = 0;
	return len == 0 ? 0 : ed->sink->write(ed->sink->arg, ed->out, len, e);
}

static int put(struct edit *ed, const char *s, size_t len, struct err *e)
{
	if (len > ed->room)
		return err_set(e, DC_CODE_UNSAFE_REQUEST,
			       "take duplicate keys out of the network "
			       "configuration: in each of them the "
			       "credential's would stand, more than %d bytes "
			       "in all",
			       NETCONF_EDIT_GROWTH_MAX);
	ed->room -= len;
	if (len > sizeof(ed->out) - ed->out_len && flush(ed, e) < 0)
		return -1;
	if (len > sizeof(ed->out))
		return ed->sink->write(ed->sink->arg, s, len, e);
	memcpy(ed->out + ed->out_len, s, len);
	ed->out_len += len;
	return 0;
}

/* What stands before off as it is. */
static int keep_to(struct edit *ed, size_t off, struct err *e)
{
	size_t from = ed->done;

	ed->done = off;
	return put(ed, ed->buf + from, off - from, e);
}

static int put_string(struct edit *ed, const char *s, struct err *e)
{
	char c[QUOTE_MAX];

	if (put(ed, "\"", 1, e) < 0)
		return -1;
	while (*s != '\0') {
		if (put(ed, c, quote_next(&s, c), e) < 0)
			return -1;
	}
	return put(ed, "\"", 1, e);
}

static bool is_last_part(const char *key, unsigned part)
{
	size_t len;

	return netkey_part(key, part + 1, &len) == NULL;
}

/* Those of the values whose keys have this part in common with that of one. */
static uint64_t with_same_part(const struct edit *ed, uint64_t values,
			       const char *key, unsigned part)
{
	uint64_t same = 0;
	size_t len, other_len;
	const char *name = netkey_part(key, part, &len);

	for (size_t i = 0; i < ed->count; i++) {
		const char *other;

		if (!(values >> i & 1))
			continue;
		other = netkey_part(ed->values[i].key, part, &other_len);
		if (len == other_len && strncasecmp(name, other, len) == 0)
			same |= UINT64_C(1) << i;
	}
	return same;
}

static int put_members(struct edit *ed, uint64_t values, unsigned part,
		       struct err *e);

/* The member that the values, of which v is one, have in common. */
static int put_member(struct edit *ed, uint64_t values,
		      const struct netconf_value *v, unsigned part,
		      struct err *e)
{
	size_t len;
	const char *name = netkey_part(v->key, part, &len);

	if (put(ed, "\"", 1, e) < 0 || put(ed, name, len, e) < 0 ||
	    put(ed, "\":", 2, e) < 0)
		return -1;
	if (is_last_part(v->key, part))
		return put_string(ed, v->value, e);
	if (put(ed, "{", 1, e) < 0 ||
	    put_members(ed, values, part + 1, e) < 0)
		return -1;
	return put(ed, "}", 1, e);
}

static int put_members(struct edit *ed, uint64_t values, unsigned part,
		       struct err *e)
{
	bool first = true;

	for (size_t i = 0; i < ed->count; i++) {
		const struct netconf_value *v = &ed->values[i];
		uint64_t same;

		if (!(values >> i & 1))
			continue;
		same = with_same_part(ed, values, v->key, part);
		values &= ~same;
		if ((!first && put(ed, ",", 1, e) < 0) ||
		    put_member(ed, same, v, part, e) < 0)
			return -1;
		first = false;
	}
	return 0;
}

static int close_level(struct edit *ed, size_t end, struct err *e)
{
	unsigned part = --ed->depth;
	const struct level *l = &ed->levels[part];
	uint64_t missing = l->values & ~l->seen;

	if (missing == 0)
		return 0;
	if (keep_to(ed, end, e) < 0 ||
	    (l->has_members && put(ed, ",", 1, e) < 0))
		return -1;
	return put_members(ed, missing, part, e);
}

static void open_level(struct edit *ed, uint64_t values)
{
	ed->levels[ed->depth++] = (struct level){ .values = values };
}

/* The values whose keys lead to or through a member of the innermost level. */
static uint64_t values_at(const struct edit *ed, struct json_span key)
{
	uint64_t at = 0;

	for (size_t i = 0; i < ed->count; i++) {
		const char *name;
		size_t len;

		if (!(ed->levels[ed->depth - 1].values >> i & 1))
			continue;
		name = netkey_part(ed->values[i].key, ed->depth - 1, &len);
		if (json_key_matches(ed->buf, key, name, len))
			at |= UINT64_C(1) << i;
	}
	return at;
}

static int replace(struct edit *ed, const struct json_item *item,
		   const char *value, struct err *e)
{
	if (keep_to(ed, item->value.off, e) < 0)
		return -1;
	ed->replacing = item->event == JSON_OPEN;
	ed->done = item->value.off + item->value.len;
	return put_string(ed, value, e);
}

static int refuse_parent(const struct edit *ed, const struct json_item *item,
			 const char *key, struct err *e)
{
	size_t line, column, len;
	const char *last = netkey_part(key, ed->depth - 1, &len);

	json_position(ed->buf, item->key.off, &line, &column);
	return err_set(e, DC_CODE_UNSAFE_REQUEST,
		       "correct the network configuration: line %zu, column "
		       "%zu: '%.*s' has to be an object: the credential goes "
		       "into its '%s'",
		       line, column, (int)(last + len - key), key,
		       last + len + 1);
}

static int edit_member(struct edit *ed, const struct json_item *item,
		       struct err *e)
{
	struct level *l = &ed->levels[ed->depth - 1];
	uint64_t at = values_at(ed, item->key);
	const struct netconf_value *first;

	l->has_members = true;
	l->seen |= at;
	if (at == 0)
		return 0;
	first = &ed->values[__builtin_ctzll(at)];
	if (is_last_part(first->key, ed->depth - 1))
		return replace(ed, item, first->value, e);
	if (item->type != JSON_IS_OBJECT)
		return refuse_parent(ed, item, first->key, e);
	open_level(ed, at);
	return 0;
}

/* Closes and members come with the depth of the object or array they are. */
static int edit_item(struct edit *ed, const struct json_item *item,
		     struct err *e)
{
	size_t end = item->value.off + item->value.len;

	if (item->event == JSON_CLOSE && item->depth + 1 == ed->depth)
		return close_level(ed, end - 1, e);
	if (item->depth != ed->depth)
		return 0;
	if (item->event == JSON_CLOSE && ed->replacing) {
		ed->replacing = false;
		ed->done = end;
	} else if (item->has_key) {
		return edit_member(ed, item, e);
	}
	return 0;
}

/* An error of the scanner's own; the sink's stays as it is. */
static int next(struct json_scanner *s, struct json_item *ret, struct err *e)
{
	if (json_next(s, ret, e) == 0)
		return 0;
	return err_set(e, e->code, "correct the network configuration: %s",
		       e->msg);
}

static int edit_top(struct edit *ed, struct json_scanner *s, struct err *e)
{
	struct json_item item;
	size_t line, column;

	if (next(s, &item, e) < 0)
		return -1;
	if (item.type != JSON_IS_OBJECT) {
		json_position(ed->buf, item.value.off, &line, &column);
		return err_set(e, DC_CODE_UNSAFE_REQUEST,
			       "correct the network configuration: line %zu, "
			       "column %zu: expected an object",
			       line, column);
	}
	open_level(ed, UINT64_MAX >> (64 - ed->count));
	return 0;
}

int netconf_edit(const char *buf, size_t len,
		 const struct netconf_value *values, size_t count,
		 const struct netconf_sink *sink, struct err *e)
{
	/* Static for the same reason as in netconf_read. */
	static struct json_scanner s;
	static struct edit ed;
	struct json_item item;

	if (count == 0 || count > NETCONF_EDIT_MAX)
		return err_set(e, DC_CODE_INTERNAL, "%zu keys to edit", count);
	ed = (struct edit){ .buf = buf,
			    .values = values,
			    .count = count,
			    .sink = sink,
			    .room = len + NETCONF_EDIT_GROWTH_MAX };
	json_init(&s, buf, len);
	if (edit_top(&ed, &s, e) < 0)
		return -1;
	do {
		if (next(&s, &item, e) < 0 || edit_item(&ed, &item, e) < 0)
			return -1;
	} while (item.event != JSON_END);
	return keep_to(&ed, len, e) < 0 ? -1 : flush(&ed, e);
}
