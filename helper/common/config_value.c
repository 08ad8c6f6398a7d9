/* SPDX-License-Identifier: Apache-2.0 */
#include "config_value.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* As much as fits; returns the length. */
static size_t write_place(const struct place *at, char *out, size_t size)
{
	size_t len = 0;
	int n;

	out[0] = '\0';
	if (at->up == NULL)
		return 0;
	len = write_place(at->up, out, size);
	if (at->name == NULL)
		n = snprintf(out + len, size - len, "[%zu]", at->index);
	else
		n = snprintf(out + len, size - len, "%s%s",
			     len > 0 ? "." : "", at->name);
	len += n < 0 ? 0 : (size_t)n;
	return len < size ? len : size - 1;
}

/*
 * Makes room for a mistake at off, behind those of the same place, and lets
 * go of the last one where there are too many. NULL: it is itself the last.
 */
static struct config_mistake *insert_mistake(struct decoder *d, size_t off)
{
	struct config_mistakes *m = d->mistakes;
	size_t kept = m->count++, i;

	if (kept > CONFIG_MAX_MISTAKES)
		kept = CONFIG_MAX_MISTAKES;
	for (i = kept; i > 0 && d->offs[i - 1] > off; i--)
		;
	if (i == CONFIG_MAX_MISTAKES)
		return NULL;
	if (kept == CONFIG_MAX_MISTAKES)
		kept--;
	memmove(&m->items[i + 1], &m->items[i],
		(kept - i) * sizeof(m->items[0]));
	memmove(&d->offs[i + 1], &d->offs[i], (kept - i) * sizeof(d->offs[0]));
	d->offs[i] = off;
	return &m->items[i];
}

void value_mistake(struct decoder *d, const struct place *at, const char *fmt,
		   ...)
{
	struct config_mistake *m = insert_mistake(d, at->off);
	va_list ap;

	if (m == NULL)
		return;
	if (write_place(at, m->key, sizeof(m->key)) == 0)
		snprintf(m->key, sizeof(m->key), "(top level)");
	va_start(ap, fmt);
	vsnprintf(m->text, sizeof(m->text), fmt, ap);
	va_end(ap);
}

/* Not before the end, since it costs a look at all that stands before. */
void value_locate_mistakes(struct decoder *d)
{
	struct config_mistakes *m = d->mistakes;

	for (size_t i = 0; i < m->count && i < CONFIG_MAX_MISTAKES; i++)
		json_position(d->scanner->buf, d->offs[i], &m->items[i].line,
			      &m->items[i].column);
}

/* The scanner's message begins with its position, which we know. */
static void syntax_mistake(struct decoder *d, const struct place *at,
			   const char *msg)
{
	const struct place here = { .up = at->up,
				    .name = at->name,
				    .index = at->index,
				    .off = d->scanner->pos };
	const char *what = strstr(msg, ": ");

	value_mistake(d, &here, "correct the JSON: %s",
		      what == NULL ? msg : what + 2);
}

bool value_next(struct decoder *d, const struct place *at)
{
	struct err e = ERR_INIT;

	if (d->broken)
		return false;
	if (json_next(d->scanner, &d->item, &e) == 0)
		return true;
	syntax_mistake(d, at, e.msg);
	d->broken = true;
	return false;
}

void value_skip(struct decoder *d, const struct place *at)
{
	unsigned depth = d->item.depth;

	if (d->item.event != JSON_OPEN)
		return;
	while (value_next(d, at)) {
		if (d->item.event == JSON_CLOSE && d->item.depth == depth)
			return;
	}
}

void value_refuse(struct decoder *d, const struct place *at, const char *remedy)
{
	value_mistake(d, at, "%s", remedy);
	value_skip(d, at);
}

void *value_alloc(struct decoder *d, size_t size)
{
	static const struct place top = { .name = "" };
	void *p = arena_alloc(d->arena, size);

	if (p == NULL && !d->broken) {
		d->broken = true;
		d->mistakes->no_memory = true;
		value_mistake(d, &top, "allow more memory: there is none left");
	}
	return p;
}

void *value_keep(struct decoder *d, const void *items, size_t count,
		 size_t size)
{
	void *p = count == 0 ? NULL : value_alloc(d, count * size);

	return p == NULL ? NULL : memcpy(p, items, count * size);
}

/*
 * The key at hand, for a comparison and for a message: what is not plain
 * ASCII is in no table. The whole length is returned.
 */
static size_t read_key(struct decoder *d, char *out, size_t size)
{
	size_t len = json_decode_string(d->scanner->buf, d->item.key, out,
					size);

	for (char *p = out; *p != '\0'; p++) {
		if (*p <= 0x20 || *p >= 0x7f)
			*p = '?';
	}
	return len;
}

/* Notes a key that is in no table, or is written differently there. */
static void refuse_key(struct decoder *d, const struct place *at,
		       const struct field *fields)
{
	struct place here = *at;

	here.off = d->item.key.off;
	for (; fields->name != NULL; fields++) {
		if (strcasecmp(fields->name, at->name) == 0)
			break;
	}
	if (fields->name != NULL)
		value_mistake(d, &here, "write it as \"%s\"", fields->name);
	else
		value_mistake(d, &here,
			      "take it out: no such key is known here");
	value_skip(d, at);
}

/* One bit in seen for each row of the table. */
static void decode_member(struct decoder *d, const struct place *at,
			  const struct field *fields, unsigned *seen, void *out)
{
	char name[64];
	struct place here = { .up = at, .name = name };
	size_t len = read_key(d, name, sizeof(name)), i = 0;

	here.off = d->item.value.off;
	while (fields[i].name != NULL && strcmp(fields[i].name, name) != 0)
		i++;
	if (fields[i].name == NULL || len != strlen(name)) {
		refuse_key(d, &here, fields);
	} else if (*seen & 1u << i) {
		here.off = d->item.key.off;
		value_refuse(d, &here, "take it out: the key is there already");
	} else {
		*seen |= 1u << i;
		fields[i].decode(d, &here, &fields[i],
				 (char *)out + fields[i].offset);
	}
}

bool value_object(struct decoder *d, const struct place *at,
		  const struct field *fields, void *out)
{
	unsigned seen = 0;

	if (d->item.type != JSON_IS_OBJECT) {
		value_refuse(d, at, "write an object: {...}");
		return false;
	}
	while (value_next(d, at) && d->item.event != JSON_CLOSE)
		decode_member(d, at, fields, &seen, out);
	for (size_t i = 0; fields[i].name != NULL && !d->broken; i++) {
		const struct place missing = { .up = at,
					       .name = fields[i].name,
					       .off = at->off };

		if (fields[i].required && !(seen & 1u << i))
			value_mistake(d, &missing, "add it: it is missing");
	}
	return !d->broken;
}

bool value_list(struct decoder *d, const struct place *at, struct list *ret)
{
	*ret = (struct list){ .element.up = at, .max = CONFIG_MAX_LIST };
	if (d->item.event == JSON_OPEN && d->item.type == JSON_IS_ARRAY)
		return true;
	value_refuse(d, at, "write a list: [...]");
	return false;
}

/* Leaves the list, whose next element is at hand and one too many. */
static void leave_list(struct decoder *d, const struct list *l)
{
	value_mistake(d, &l->element, "keep the list to %zu elements", l->max);
	do
		value_skip(d, &l->element);
	while (value_next(d, &l->element) && d->item.event != JSON_CLOSE);
}

bool value_list_next(struct decoder *d, struct list *l)
{
	if (!value_next(d, l->element.up))
		return false;
	if (d->item.event == JSON_CLOSE) {
		if (l->count == 0 && !l->may_be_empty)
			value_mistake(d, l->element.up,
				      "add an element: the list is empty");
		return false;
	}
	l->element.index = l->count;
	l->element.off = d->item.value.off;
	if (l->count++ < l->max)
		return true;
	leave_list(d, l);
	return false;
}

/* The string at hand, or NULL. */
static const char *take_string(struct decoder *d, const struct place *at,
			       const struct text *text)
{
	const struct json_span span = d->item.value;
	size_t size = span.len - 1, len; /* its quotes gone, a NUL added */
	char *s;

	if (d->item.type != JSON_IS_STRING) {
		value_refuse(d, at, "write a string: \"...\"");
		return NULL;
	}
	s = value_alloc(d, size);
	if (s == NULL)
		return NULL;
	/* Of one that is longer than it was, there is less in s. */
	len = json_decode_string(d->scanner->buf, span, s, size);
	if (strlen(s) != len || strstr(s, "\xef\xbf\xbd"))
		value_mistake(d, at, "write it in UTF-8, without \\u0000");
	else if (!text->valid(s, len))
		value_mistake(d, at, "%s", text->remedy);
	else
		return s;
	return NULL;
}

void value_string(struct decoder *d, const struct place *at,
		  const struct field *f, void *out)
{
	const char **ret = out;

	*ret = take_string(d, at, f->text);
}

static bool clashes(const struct text *text, const char *const *items,
		    size_t count, const char *s)
{
	for (size_t i = 0; i < count; i++) {
		if (text->clash == NULL ? strcmp(items[i], s) == 0
					: text->clash(items[i], s))
			return true;
	}
	return false;
}

void value_strings(struct decoder *d, const struct place *at,
		   const struct field *f, void *out)
{
	const char *items[CONFIG_MAX_LIST];
	struct config_strings *ret = out;
	struct list l;
	size_t n = 0;

	if (!value_list(d, at, &l))
		return;
	while (value_list_next(d, &l)) {
		items[n] = take_string(d, &l.element, f->text);
		if (items[n] == NULL)
			continue;
		if (clashes(f->text, items, n, items[n]))
			value_mistake(d, &l.element,
				      "take it out: another element says it "
				      "already");
		else
			n++;
	}
	ret->items = value_keep(d, items, n, sizeof(items[0]));
	ret->count = ret->items == NULL ? 0 : n;
}

void value_bool(struct decoder *d, const struct place *at,
		const struct field *f, void *out)
{
	bool *ret = out;

	(void)f;
	if (d->item.type != JSON_IS_TRUE && d->item.type != JSON_IS_FALSE)
		value_refuse(d, at, "write true or false");
	else
		*ret = d->item.type == JSON_IS_TRUE;
}
