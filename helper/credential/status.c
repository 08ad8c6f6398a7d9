/* SPDX-License-Identifier: Apache-2.0 */
/* multus-credential status: what the store has; asks nobody. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "options.h"
#include "status_table.h"
#include "storedir.h"

struct status_options {
	const char *store;
	bool json;
};

static const struct option_row rows[] = {
	{ "store", "DIR", "where the credentials are kept",
	  offsetof(struct status_options, store), true },
	{ "json", NULL, "for programs", offsetof(struct status_options, json),
	  false },
};

static const struct option_set options = {
	.usage = "multus-credential status --store=DIR [--json]",
	.summary = "List the credentials in the store, without a cluster.",
	.rows = rows,
	.row_count = sizeof(rows) / sizeof(rows[0]),
};

/* What cannot be read is shown as the error that it is. */
static void look(const struct store *s, const char *rule,
		 struct store_state *ret)
{
	struct err err = ERR_INIT;

	if (store_read(s, rule, ret, &err) == 0)
		return;
	memset(ret, 0, sizeof(*ret));
	ret->failed = true;
	ret->error.code = err.code;
	ret->error.at = time(NULL);
	snprintf(ret->error.msg, sizeof(ret->error.msg), "%.*s",
		 (int)sizeof(ret->error.msg) - 1, err.msg);
}

static void print_table(const struct store *s, const struct storedir *d)
{
	struct store_state state;
	char text[2048];

	status_table_head(text, sizeof(text));
	fputs(text, stdout);
	for (size_t i = 0; i < d->count; i++) {
		look(s, d->rules[i], &state);
		status_table_rule(d->rules[i], &state, time(NULL), text,
				  sizeof(text));
		fputs(text, stdout);
	}
}

static int print_json(const struct store *s, const struct storedir *d,
		      struct err *e)
{
	json_t *all = json_pack("{s:[]}", "rules");
	json_t *rules = json_object_get(all, "rules");
	struct store_state state;
	int result;

	for (size_t i = 0; i < d->count; i++) {
		look(s, d->rules[i], &state);
		json_array_append_new(rules,
				      status_table_json(d->rules[i], &state,
							time(NULL)));
	}
	result = json_dumpf(all, stdout, JSON_INDENT(2));
	json_decref(all);
	if (result < 0)
		return err_set(e, DC_CODE_INTERNAL, "cannot write the list");
	putchar('\n');
	return 0;
}

static int print(const struct status_options *o, struct err *e)
{
	struct storedir d;
	struct store s;
	int result;

	if (store_open(o->store, &s, e) < 0)
		return -1;
	result = storedir_list(&s, &d, e);
	if (result == 0 && o->json)
		result = print_json(&s, &d, e);
	else if (result == 0)
		print_table(&s, &d);
	if (result == 0)
		storedir_free(&d);
	store_close(&s);
	return result;
}

int command_status(int argc, char **argv)
{
	struct status_options o = { 0 };
	struct err err = ERR_INIT;
	int status;

	if (!options_read(&options, argc, argv, &o, &status))
		return status;
	return print(&o, &err) < 0 ? options_fail(argv[0], &err) : 0;
}
