/* SPDX-License-Identifier: Apache-2.0 */
#include "option.h"

#include <stdio.h>
#include <string.h>

#include "delegate-credentials.h"

static const struct option_row *find_row(const struct option_set *set,
					 const char *name, size_t len)
{
	for (size_t i = 0; i < set->row_count; i++) {
		if (strlen(set->rows[i].name) == len &&
		    strncmp(set->rows[i].name, name, len) == 0)
			return &set->rows[i];
	}
	return NULL;
}

static int store_switch(bool *field, const struct option_row *row,
			const char *value, struct err *e)
{
	if (value != NULL)
		return err_set(e, DC_CODE_COMMAND_LINE,
			       "give --%s without a value", row->name);
	if (*field)
		return err_set(e, DC_CODE_COMMAND_LINE, "give --%s only once",
			       row->name);
	*field = true;
	return 0;
}

static int store_value(const char **field, const struct option_row *row,
		       const char *value, struct err *e)
{
	if (value == NULL || value[0] == '\0')
		return err_set(e, DC_CODE_COMMAND_LINE,
			       "give --%s a value: --%s=%s", row->name,
			       row->name, row->value);
	if (*field != NULL)
		return err_set(e, DC_CODE_COMMAND_LINE, "give --%s only once",
			       row->name);
	*field = value;
	return 0;
}

/*
 * next is the argument behind it, which is its value where it has none itself.
 * *ret_used: how many of the two it took.
 */
static int parse_option(const struct option_set *set, const char *arg,
			const char *next, void *ret, int *ret_used,
			struct err *e)
{
	size_t len = strcspn(arg, "=");
	const char *value = arg[len] == '=' ? arg + len + 1 : NULL;
	const struct option_row *row = NULL;
	void *field;

	if (len > 2 && strncmp(arg, "--", 2) == 0)
		row = find_row(set, arg + 2, len - 2);
	if (row == NULL)
		return err_set(e, DC_CODE_COMMAND_LINE,
			       "take out '%.*s': there is no such option (see "
			       "--help)",
			       (int)(len > 64 ? 64 : len), arg);
	field = (char *)ret + row->offset;
	if (row->value == NULL)
		return store_switch(field, row, value, e);
	if (value == NULL && next != NULL && next[0] != '-') {
		value = next;
		*ret_used = 2;
	}
	return store_value(field, row, value, e);
}

static int parse_operand(const struct option_set *set, const char *arg,
			 void *ret, struct err *e)
{
	const char **field;

	if (set->operand == NULL)
		return err_set(e, DC_CODE_COMMAND_LINE,
			       "take out '%.64s': only options are expected "
			       "(see --help)",
			       arg);
	field = (const char **)((char *)ret + set->operand_offset);
	if (*field != NULL)
		return err_set(e, DC_CODE_COMMAND_LINE, "give only one %s",
			       set->operand);
	*field = arg;
	return 0;
}

static int check_required(const struct option_set *set, const void *ret,
			  struct err *e)
{
	for (size_t i = 0; i < set->row_count; i++) {
		const struct option_row *row = &set->rows[i];
		const void *field = (const char *)ret + row->offset;

		if (row->required && *(const char *const *)field == NULL)
			return err_set(e, DC_CODE_COMMAND_LINE,
				       "give --%s=%s (see --help)", row->name,
				       row->value);
	}
	return 0;
}

static int check_operand(const struct option_set *set, const void *ret,
			 struct err *e)
{
	const void *field = (const char *)ret + set->operand_offset;

	if (set->operand != NULL && *(const char *const *)field == NULL)
		return err_set(e, DC_CODE_COMMAND_LINE, "give %s (see --help)",
			       set->operand);
	return 0;
}

int option_parse(const struct option_set *set, int argc, char *const *argv,
		 void *ret, bool *ret_help, struct err *e)
{
	int used;

	*ret_help = false;
	for (int i = 1; i < argc; i += used) {
		const char *next = i + 1 < argc ? argv[i + 1] : NULL;
		int r;

		used = 1;
		if (strcmp(argv[i], "--help") == 0) {
			*ret_help = true;
			return 0;
		}
		if (argv[i][0] == '-')
			r = parse_option(set, argv[i], next, ret, &used, e);
		else
			r = parse_operand(set, argv[i], ret, e);
		if (r < 0)
			return -1;
	}
	if (check_required(set, ret, e) < 0)
		return -1;
	return check_operand(set, ret, e);
}

static void append(char *out, size_t size, const char *option, const char *help)
{
	size_t len = strlen(out);

	snprintf(out + len, size - len, "  %-20s%s%s\n", option,
		 strlen(option) < 20 ? "" : "\n                      ", help);
}

void option_usage(const struct option_set *set, char *out, size_t size)
{
	snprintf(out, size, "usage: %s\n%s\n\n", set->usage, set->summary);
	for (size_t i = 0; i < set->row_count; i++) {
		const struct option_row *row = &set->rows[i];
		char option[64];

		snprintf(option, sizeof(option), "--%s%s%s", row->name,
			 row->value == NULL ? "" : "=",
			 row->value == NULL ? "" : row->value);
		append(out, size, option, row->help);
	}
	append(out, size, "--help", "print this text");
}
