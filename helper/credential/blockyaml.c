/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "blockyaml.h"
#include "delegate-credentials.h"
#include "wipe.h"

/* A line that says something, without its indentation and blanks behind. */
struct line {
	const char *text;
	size_t len;
	size_t indent;
	size_t number;
};

struct parser {
	struct line *lines;
	size_t count;
	size_t at;
	unsigned depth;
	struct err err;
};

static int refused(struct parser *p, const char *what)
{
	size_t at = p->at < p->count ? p->at : p->count - 1;

	return err_set(&p->err, DC_CODE_CONFIG, "line %zu: %s",
		       p->count ? p->lines[at].number : 1, what);
}

static json_t *refuse(struct parser *p, const char *what)
{
	(void)refused(p, what);
	return NULL;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Where the quoted scalar at text ends, its quotes included; 0: nowhere. */
static size_t quoted_len(const char *text, size_t len)
{
	char quote = text[0];

	for (size_t i = 1; i < len; i++) {
		bool doubled = i + 1 < len && text[i] == '\'' &&
			       text[i + 1] == '\'';

		if (quote == '"' ? text[i] == '\\' : doubled)
			i++;
		else if (text[i] == quote)
			return i + 1;
	}
	return 0;
}

/* Without the comment that may stand behind a value. */
static size_t without_comment(const char *text, size_t len)
{
	size_t i = 0;

	while (i < len) {
		bool starts = i == 0 || is_blank(text[i - 1]);

		if (starts && text[i] == '#') {
			len = i;
			break;
		}
		if (starts && (text[i] == '"' || text[i] == '\''))
			i += quoted_len(text + i, len - i);
		i++;
	}
	len = i < len ? i : len;
	while (len > 0 && is_blank(text[len - 1]))
		len--;
	return len;
}

/* Notes the line that begins at buf, where there is anything in it. */
static void add_line(struct parser *p, const char *buf, size_t len,
		     size_t number)
{
	struct line *l = &p->lines[p->count];

	l->indent = 0;
	while (l->indent < len && buf[l->indent] == ' ')
		l->indent++;
	l->text = buf + l->indent;
	l->len = without_comment(l->text, len - l->indent);
	l->number = number;
	if (l->len > 0)
		p->count++;
}

static int split(struct parser *p, const char *buf, size_t len)
{
	size_t lines = 1, number = 1;

	for (size_t i = 0; i < len; i++)
		lines += buf[i] == '\n';
	p->lines = calloc(lines, sizeof(*p->lines));
	if (!p->lines)
		return -1;
	for (;; number++) {
		const char *end = memchr(buf, '\n', len);
		size_t n = end ? (size_t)(end - buf) : len;

		add_line(p, buf, n, number);
		if (!end)
			return 0;
		buf += n + 1;
		len -= n + 1;
	}
}

static bool is_item(const struct line *l)
{
	return l->text[0] == '-' && (l->len == 1 || l->text[1] == ' ');
}

/* The colon behind a key: the length of the key with its quotes, or 0. */
static size_t key_len(const char *text, size_t len)
{
	size_t i = 0;

	if (text[0] == '"' || text[0] == '\'')
		i = quoted_len(text, len);
	else
		while (i < len && text[i] != ':' && !is_blank(text[i]))
			i++;
	if (i == 0 || i >= len || text[i] != ':')
		return 0;
	return i + 1 == len || text[i + 1] == ' ' ? i : 0;
}

/* Escapes of one byte, which is no NUL; kubectl writes no others. */
static bool unescape(char c, char *ret)
{
	static const char from[] = "\"\\/nt", to[] = "\"\\/\n\t";
	const char *at = strchr(from, c);

	if (!at)
		return false;
	*ret = to[at - from];
	return true;
}

static json_t *quoted(struct parser *p, const char *text, size_t len)
{
	auto_wipe out = wipe_malloc(len + 1);
	json_t *value;
	size_t n = 0;

	if (!out || quoted_len(text, len) != len)
		return refuse(p, "close the quotes on the same line, and put "
				 "nothing behind them");
	for (size_t i = 1; i + 1 < len; i++) {
		char c = text[i];

		if (c == text[0])
			i++;
		else if (c == '\\' && text[0] == '"' && !unescape(text[++i], &c))
			return refuse(p, "use no escape but \\\" \\\\ \\/ \\n "
					 "\\t");
		out[n++] = c;
	}
	value = json_stringn(out, n);
	return value ? value : refuse(p, "write UTF-8");
}

static bool is_word(const char *text, size_t len, const char *word)
{
	return len == strlen(word) && !memcmp(text, word, len);
}

/* Two bytes that mean something else to YAML inside a plain scalar. */
static bool is_special(const char *text)
{
	return !memcmp(text, ": ", 2) || !memcmp(text, "- ", 2) ||
	       !memcmp(text, " #", 2);
}

static json_t *plain(struct parser *p, const char *text, size_t len)
{
	json_t *value;

	if (is_word(text, len, "true") || is_word(text, len, "false"))
		return json_boolean(text[0] == 't');
	if (is_word(text, len, "null") || is_word(text, len, "~"))
		return json_null();
	if (is_word(text, len, "{}"))
		return json_object();
	if (is_word(text, len, "[]"))
		return json_array();
	if (strchr("&*!|>%@`{}[],?:", text[0]) || is_word(text, len, "-"))
		return refuse(p, "write block YAML with values of one line, or "
				 "JSON, or quote the value");
	for (size_t i = 0; i < len; i++)
		if (text[i] == '\t' || (i + 1 < len && is_special(text + i)))
			return refuse(p, "quote the value");
	value = json_stringn(text, len);
	return value ? value : refuse(p, "write UTF-8");
}

static json_t *scalar(struct parser *p, const char *text, size_t len)
{
	if (text[0] == '"' || text[0] == '\'')
		return quoted(p, text, len);
	return plain(p, text, len);
}

static json_t *node(struct parser *p, size_t indent);

/* What stands below a key or a dash that has nothing behind it. */
static json_t *below(struct parser *p, size_t indent, bool items_too)
{
	const struct line *next = &p->lines[p->at];

	if (p->at >= p->count || next->indent < indent)
		return json_null();
	if (next->indent > indent)
		return node(p, next->indent);
	return items_too && is_item(next) ? node(p, indent) : json_null();
}

static json_t *entry_value(struct parser *p, const struct line *l, size_t key)
{
	size_t from = key + 1;
	json_t *value;

	while (from < l->len && l->text[from] == ' ')
		from++;
	if (from == l->len) {
		p->at++;
		return below(p, l->indent, true);
	}
	value = scalar(p, l->text + from, l->len - from);
	p->at++;
	return value;
}

/* A value that cannot be read is NULL, which jansson adds to nothing. */
static int entry(struct parser *p, json_t *map)
{
	struct line l = p->lines[p->at];
	size_t len = key_len(l.text, l.len);
	const char *name;
	json_t *key;
	int failed;

	if (len == 0)
		return refused(p, "write \"key: value\" or \"- value\"");
	key = l.text[0] == '"' || l.text[0] == '\'' ?
		      quoted(p, l.text, len) :
		      json_stringn(l.text, len);
	name = json_string_value(key);
	if (!name || json_object_get(map, name))
		failed = refused(p, "write each key once, in UTF-8");
	else
		failed = json_object_set_new(map, name,
					     entry_value(p, &l, len));
	json_decref(key);
	return failed;
}

/* "- key: value" is a mapping whose first line is the rest of this one. */
static json_t *item_value(struct parser *p)
{
	struct line *l = &p->lines[p->at];
	size_t from = 1;
	json_t *value;

	while (from < l->len && l->text[from] == ' ')
		from++;
	if (from == l->len) {
		p->at++;
		return below(p, l->indent, false);
	}
	l->text += from;
	l->len -= from;
	l->indent += from;
	if (is_item(l) || key_len(l->text, l->len))
		return node(p, l->indent);
	value = scalar(p, l->text, l->len);
	p->at++;
	return value;
}

static int item(struct parser *p, json_t *list)
{
	return json_array_append_new(list, item_value(p));
}

/* All lines of one indentation, of one kind, and what is below them. */
static json_t *node(struct parser *p, size_t indent)
{
	bool items = is_item(&p->lines[p->at]);
	json_t *all = items ? json_array() : json_object();
	int failed = all ? 0 : -1;

	if (++p->depth > BLOCKYAML_MAX_DEPTH)
		failed = refused(p, "nest less deeply");
	while (!failed && p->at < p->count &&
	       p->lines[p->at].indent == indent &&
	       is_item(&p->lines[p->at]) == items)
		failed = items ? item(p, all) : entry(p, all);
	if (!failed && p->at < p->count && p->lines[p->at].indent > indent)
		failed = refused(p, "indent this line as those around it");
	p->depth--;
	if (!failed)
		return all;
	json_decref(all);
	return NULL;
}

static json_t *document(struct parser *p)
{
	json_t *all;

	if (p->count > 0 && p->lines[0].indent == 0 &&
	    is_word(p->lines[0].text, p->lines[0].len, "---"))
		p->at = 1;
	if (p->at >= p->count)
		return refuse(p, "the file is empty");
	all = node(p, p->lines[p->at].indent);
	if (!all || p->at >= p->count)
		return all;
	json_decref(all);
	return refuse(p, "go on as the file began");
}

json_t *blockyaml_parse(const char *buf, size_t len, struct err *e)
{
	struct parser p = { .at = 0 };
	json_t *all = NULL;

	err_set(&p.err, DC_CODE_INTERNAL, "give the program more memory");
	if (len > BLOCKYAML_MAX_BYTES || memchr(buf, '\0', len))
		(void)refused(&p, "write a text of at most 256 KiB");
	else if (split(&p, buf, len) == 0)
		all = document(&p);
	free(p.lines);
	if (!all)
		*e = p.err;
	return all;
}
