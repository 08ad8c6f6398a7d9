/* SPDX-License-Identifier: Apache-2.0 */
/* Inside config*.c: the walk over the document, and values of any kind. */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "config.h"
#include "json.h"

/* Where a value stands: the chain of keys and indexes that leads to it. */
struct place {
	const struct place *up; /* NULL: the top level */
	const char *name;	/* NULL: an element of a list */
	size_t index;
	size_t off; /* in the document */
};

struct decoder {
	struct json_scanner *scanner;
	struct json_item item; /* the event at hand */
	bool broken;	       /* a syntax error or no memory: no more events */
	struct arena *arena;
	struct config_mistakes *mistakes;
	size_t offs[CONFIG_MAX_MISTAKES]; /* of the mistakes, ascending */
	struct rule_draft *draft;	  /* the rule at hand */
	size_t line; /* of the offset line_off, which only grows */
	size_t line_off;
};

/* Which strings are good where. */
struct text {
	bool (*valid)(const char *s, size_t len);
	const char *remedy;
	/* In a list: which two exclude each other; NULL: equal ones. */
	bool (*clash)(const char *a, const char *b);
};

/*
 * A key of an object. decode is called with its value at hand and has to
 * consume all of it; out is the object's struct at offset.
 */
struct field {
	const char *name; /* NULL: the end of the table */
	void (*decode)(struct decoder *d, const struct place *at,
		       const struct field *f, void *out);
	size_t offset;
	const struct text *text; /* for strings */
	bool required;
};

/* Notes a mistake at its place in the order of the file. */
void value_mistake(struct decoder *d, const struct place *at, const char *fmt,
		   ...) __attribute__((format(printf, 3, 4)));

/* Fills in the lines and columns of all mistakes. */
void value_locate_mistakes(struct decoder *d);

/* Whether there is a next event: it is at hand then. */
bool value_next(struct decoder *d, const struct place *at);

/* Consumes the rest of the value at hand. */
void value_skip(struct decoder *d, const struct place *at);

/* Notes that something else should stand here, and skips what stands. */
void value_refuse(struct decoder *d, const struct place *at,
		  const char *remedy);

/* From the arena. NULL where there is no memory: the decoder is broken then. */
void *value_alloc(struct decoder *d, size_t size);

/* A copy in the arena of count elements, NULL for none. */
void *value_keep(struct decoder *d, const void *items, size_t count,
		 size_t size);

/*
 * Decodes an object by its table, which ends with a row of zeros. Returns
 * whether one stands here, up to its end.
 */
bool value_object(struct decoder *d, const struct place *at,
		  const struct field *fields, void *out);

/*
 * Walks a list: false where none stands here, or at its end. In between each
 * element is at hand and has to be consumed. A list is never empty and has
 * at most max elements; all of that is noted.
 */
struct list {
	struct place element;
	size_t count;
	size_t max;
	bool may_be_empty;
};

bool value_list(struct decoder *d, const struct place *at, struct list *ret);
bool value_list_next(struct decoder *d, struct list *l);

/* For tables. A string that is no good is left NULL. */
void value_string(struct decoder *d, const struct place *at,
		  const struct field *f, void *out);
void value_strings(struct decoder *d, const struct place *at,
		   const struct field *f, void *out);
void value_bool(struct decoder *d, const struct place *at,
		const struct field *f, void *out);

/* config_text.c */
extern const struct text text_api_version, text_kind, text_label, text_plugin,
	text_match_namespace, text_subdomain, text_data_key, text_path,
	text_audience, text_directory, text_context, text_conf_key,
	text_credential_key, text_env_name, text_env_value, text_api_group,
	text_resource, text_resource_name, text_verb, text_bound_kind;

/* A rule while it is decoded, and what is checked when all of it is there. */
struct rule_draft {
	struct config_rule rule;
	struct path_use *paths; /* of all its sources so far */
	bool has_match; /* any list of plugins, good or not */
	bool has_token;
	bool has_directory;
	size_t name_off;
	size_t sources_off;
	size_t needs_off;
	size_t env_value_off[CONFIG_MAX_LIST];
};

/* config_source.c, config_deliver.c, config_need.c: out is the draft. */
void source_list(struct decoder *d, const struct place *at,
		 const struct field *f, void *out);
void deliver_object(struct decoder *d, const struct place *at,
		    const struct field *f, void *out);
void need_list(struct decoder *d, const struct place *at,
	       const struct field *f, void *out);

#endif
