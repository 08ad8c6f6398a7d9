/* SPDX-License-Identifier: Apache-2.0 */
#include "storemeta.h"

#include <stdio.h>
#include <string.h>

#include "json.h"

/* 9999-12-31T23:59:59Z: the last that RFC 3339 can write. */
#define TIME_MAX 253402300799

enum field_kind {
	FIELD_NUMBER,
	FIELD_TIME,
	FIELD_TEXT, /* refused where it is too long or not printable */
	FIELD_CLEAN_TEXT, /* cut and cleaned: read by people */
};

struct field {
	const char *name;
	enum field_kind kind;
	bool nullable;
	void *to;	/* int64_t, or char[size] */
	size_t size;
};

/* A flat object. */
struct object {
	const char *buf;
	const struct field *fields;
	size_t count;
	unsigned seen; /* one bit a field */
};

static int is_wrong(struct err *e, const char *name)
{
	return err_set(e, DC_CODE_TRY_AGAIN, "'%s' in it is wrong", name);
}

static bool read_number(const char *s, size_t len, int64_t max, int64_t *ret)
{
	*ret = 0;
	for (size_t i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		*ret = *ret * 10 + (s[i] - '0');
		if (*ret > max)
			return false;
	}
	return len > 0;
}

static bool is_printable(unsigned char c)
{
	return c >= 0x20 && c < 0x7f;
}

static bool read_text(const struct object *o, struct json_span s,
		      const struct field *f)
{
	char *text = f->to;
	size_t len = json_decode_string(o->buf, s, text, f->size);

	if (f->kind == FIELD_TEXT && len >= f->size)
		return false;
	if (len >= f->size)
		len = strlen(text);
	for (size_t i = 0; i < len; i++) {
		if (is_printable((unsigned char)text[i]))
			continue;
		if (f->kind == FIELD_TEXT)
			return false;
		text[i] = '?';
	}
	return true;
}

static bool read_value(const struct object *o, const struct json_item *item,
		       const struct field *f)
{
	const char *s = o->buf + item->value.off;

	if (item->type == JSON_IS_NULL)
		return f->nullable;
	if (f->kind == FIELD_TEXT || f->kind == FIELD_CLEAN_TEXT)
		return item->type == JSON_IS_STRING &&
		       read_text(o, item->value, f);
	/* Digits alone are a number's. */
	if (!read_number(s, item->value.len, TIME_MAX, f->to))
		return false;
	return f->kind == FIELD_NUMBER || *(int64_t *)f->to > 0;
}

static bool is_name(const char *name, size_t len, const char *want)
{
	return len == strlen(want) && memcmp(name, want, len) == 0;
}

static int read_member(struct object *o, const struct json_item *item,
		       struct err *e)
{
	char key[16];
	size_t len = json_decode_string(o->buf, item->key, key, sizeof(key));

	for (size_t i = 0; i < o->count && len < sizeof(key); i++) {
		if (!is_name(key, len, o->fields[i].name))
			continue;
		if ((o->seen >> i & 1) || !read_value(o, item, &o->fields[i]))
			return is_wrong(e, o->fields[i].name);
		o->seen |= 1U << i;
	}
	return 0;
}

static int read_members(struct object *o, struct json_scanner *s, struct err *e)
{
	struct json_item item;

	if (json_next(s, &item, e) < 0)
		return -1;
	if (item.type != JSON_IS_OBJECT)
		return err_set(e, DC_CODE_TRY_AGAIN, "it is no object");
	do {
		if (json_next(s, &item, e) < 0)
			return -1;
		if (item.has_key && item.depth == 1 &&
		    read_member(o, &item, e) < 0)
			return -1;
	} while (item.event != JSON_END);
	return 0;
}

static int read_object(const char *buf, size_t len, const struct field *fields,
		       size_t count, struct err *e)
{
	static struct json_scanner s; /* too large for a stack; see netconf.c */
	struct object o = { .buf = buf, .fields = fields, .count = count };

	json_init(&s, buf, len);
	if (read_members(&o, &s, e) < 0)
		return err_set(e, DC_CODE_TRY_AGAIN, "%s", e->msg);
	for (size_t i = 0; i < count; i++) {
		if (!(o.seen >> i & 1))
			return is_wrong(e, fields[i].name);
	}
	return 0;
}

static int check_version(int64_t v, struct err *e)
{
	if (v != DC_STORE_META_VERSION)
		return err_set(e, DC_CODE_TRY_AGAIN,
			       "it is of version %lld, and %d is known",
			       (long long)v, DC_STORE_META_VERSION);
	return 0;
}

int storemeta_parse(const char *buf, size_t len, struct storemeta *ret,
		    struct err *e)
{
	int64_t v = 0;
	const struct field fields[] = {
		{ "v", FIELD_NUMBER, false, &v, 0 },
		{ "issued", FIELD_TIME, false, &ret->issued, 0 },
		{ "expires", FIELD_TIME, true, &ret->expires, 0 },
		{ "jti", FIELD_TEXT, true, ret->jti, sizeof(ret->jti) },
		{ "audience", FIELD_TEXT, true, ret->audience,
		  sizeof(ret->audience) },
		{ "account", FIELD_TEXT, true, ret->account,
		  sizeof(ret->account) },
	};

	memset(ret, 0, sizeof(*ret));
	if (read_object(buf, len, fields, sizeof(fields) / sizeof(fields[0]),
			e) < 0)
		return -1;
	return check_version(v, e);
}

int storemeta_parse_error(const char *buf, size_t len,
			  struct storemeta_error *ret, struct err *e)
{
	int64_t v = 0, code = 0;
	const struct field fields[] = {
		{ "v", FIELD_NUMBER, false, &v, 0 },
		{ "code", FIELD_NUMBER, false, &code, 0 },
		{ "msg", FIELD_CLEAN_TEXT, false, ret->msg, sizeof(ret->msg) },
		{ "at", FIELD_TIME, false, &ret->at, 0 },
	};

	memset(ret, 0, sizeof(*ret));
	if (read_object(buf, len, fields, sizeof(fields) / sizeof(fields[0]),
			e) < 0 ||
	    check_version(v, e) < 0)
		return -1;
	if (code > 999 || ret->msg[0] == '\0')
		return is_wrong(e, code > 999 ? "code" : "msg");
	ret->code = (int)code;
	return 0;
}

bool storemeta_is_valid(const struct storemeta *m, int64_t now)
{
	return m->expires == 0 || m->expires - DC_STORE_MIN_LIFE >= now;
}

bool storemeta_is_for(const struct storemeta *m, const struct config_token *t)
{
	char account[sizeof(m->account)];

	if (!t)
		return !m->expires;
	snprintf(account, sizeof(account), "%s/%s", t->namespace,
		 t->service_account_name);
	return m->expires && !strcmp(m->account, account) &&
	       !strcmp(m->audience, t->audience ? t->audience : "");
}

static bool is_word(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = name[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		      (c >= '0' && c <= '9') || c == '.' || c == '_' ||
		      c == '-'))
			return false;
	}
	return true;
}

bool storemeta_is_generation(const char *name, size_t len)
{
	return len > 2 && len <= DC_STORE_GENERATION_MAX && name[0] == '.' &&
	       name[1] == '.' && name[2] != '.' && is_word(name, len) &&
	       !is_name(name, len, DC_STORE_CURRENT_NAME) &&
	       !is_name(name, len, DC_STORE_NEXT_NAME);
}

bool storemeta_is_file(const char *name, size_t len)
{
	if (len == 0 || len > DC_STORE_NAME_MAX || !is_word(name, len))
		return false;
	return name[0] != '.' || (len > 1 && name[1] != '.');
}
