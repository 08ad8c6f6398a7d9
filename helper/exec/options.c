/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "delegate-credentials.h"
#include "options.h"

struct option_row {
	const char *name;
	const char *value; /* what --help calls it; NULL: a switch */
	size_t offset;
	const char *help;
};

static const struct option_row rows[] = {
	{ "root", "DIR", offsetof(struct options, root),
	  "the delegate's root directory; / for none" },
	{ "types", "MAIN,IPAM,DELEGATE,DELEGATE_IPAM",
	  offsetof(struct options, types),
	  "the types in the netconf; empty where absent" },
	{ "directory", "DIR", offsetof(struct options, directory),
	  "the credential: a service-account directory" },
	{ "config", "FILE", offsetof(struct options, config),
	  "or: the configuration, which has rules" },
	{ "store", "DIR", offsetof(struct options, store),
	  "and the store of the rules' credentials" },
	{ "strict", NULL, offsetof(struct options, strict),
	  "refuse where a protection is missing in the kernel" },
	{ "help", NULL, offsetof(struct options, help), "print this text" },
	{ "version", NULL, offsetof(struct options, version),
	  "print the version" },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static const struct option_row *find_row(const char *arg, size_t name_len)
{
	for (size_t i = 0; i < ROWS; i++)
		if (strlen(rows[i].name) == name_len &&
		    !strncmp(rows[i].name, arg, name_len))
			return &rows[i];
	return NULL;
}

static int store_switch(bool *field, const char *arg, const char *value,
			struct err *e)
{
	if (value)
		return err_set(e, DC_CODE_COMMAND_LINE,
			       "give %s without a value", arg);
	if (*field)
		return err_set(e, DC_CODE_COMMAND_LINE, "give %s only once",
			       arg);
	*field = true;
	return 0;
}

static int store_value(const char **field, const struct option_row *row,
		       const char *value, struct err *e)
{
	if (!value || !*value)
		return err_set(e, DC_CODE_COMMAND_LINE,
			       "give --%s a value: --%s=%s", row->name,
			       row->name, row->value);
	if (*field)
		return err_set(e, DC_CODE_COMMAND_LINE, "give --%s only once",
			       row->name);
	*field = value;
	return 0;
}

static int parse_one(const char *arg, struct options *o, struct err *e)
{
	const char *equals = strchr(arg, '=');
	size_t len = equals ? (size_t)(equals - arg) : strlen(arg);
	const struct option_row *row = NULL;
	void *field;

	if (len > 2 && !strncmp(arg, "--", 2))
		row = find_row(arg + 2, len - 2);
	if (!row)
		return err_set(e, DC_CODE_COMMAND_LINE,
			       "take out '%.*s': there is no such option "
			       "(see --help)",
			       (int)(len > 64 ? 64 : len), arg);
	field = (char *)o + row->offset;
	if (!row->value)
		return store_switch(field, arg, equals ? equals + 1 : NULL, e);
	return store_value(field, row, equals ? equals + 1 : NULL, e);
}

static bool is_absolute(const char *path)
{
	return path && path[0] == '/';
}

static int check_source(const struct options *o, struct err *e)
{
	if (o->directory && (o->config || o->store))
		return err_set(e, DC_CODE_COMMAND_LINE,
			       "give either --directory=DIR or --config=FILE "
			       "and --store=DIR");
	if (!o->config && !o->store && !is_absolute(o->directory))
		return err_set(e, DC_CODE_COMMAND_LINE,
			       "give --directory=DIR as an absolute path (or "
			       "--config=FILE and --store=DIR)");
	if (!o->directory && !is_absolute(o->config))
		return err_set(e, DC_CODE_COMMAND_LINE,
			       "give --config=FILE as an absolute path");
	if (!o->directory && !is_absolute(o->store))
		return err_set(e, DC_CODE_COMMAND_LINE,
			       "give --store=DIR as an absolute path");
	return 0;
}

static int check_required(const struct options *o, struct err *e)
{
	if (!is_absolute(o->root))
		return err_set(e, DC_CODE_COMMAND_LINE,
			       "give --root=DIR as an absolute path");
	if (!o->types)
		return err_set(e, DC_CODE_COMMAND_LINE,
			       "give --types=MAIN,IPAM,DELEGATE,DELEGATE_IPAM");
	if (check_source(o, e) < 0)
		return -1;
	if (!is_absolute(o->plugin))
		return err_set(e, DC_CODE_COMMAND_LINE,
			       "give the plugin's absolute path behind --");
	return 0;
}

int options_parse(int argc, char *const *argv, struct options *ret,
		  struct err *e)
{
	int i;

	memset(ret, 0, sizeof(*ret));
	for (i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (parse_one(argv[i], ret, e) < 0)
			return -1;
	if (ret->help || ret->version)
		return 0;
	if (argc - i > 2)
		return err_set(e, DC_CODE_COMMAND_LINE,
			       "give one plugin behind --, not %d",
			       argc - i - 1);
	if (argc - i == 2)
		ret->plugin = argv[i + 1];
	return check_required(ret, e);
}

void options_usage(char *out, size_t size)
{
	size_t used;

	used = (size_t)snprintf(
		out, size,
		"usage: multus-delegate-exec --root=DIR --types=TYPES "
		"(--directory=DIR |\n"
		"           --config=FILE --store=DIR) [--strict] -- PLUGIN\n"
		"Run a CNI delegate with a credential that only it sees.\n\n");
	for (size_t i = 0; i < ROWS && used < size; i++) {
		char option[64];

		snprintf(option, sizeof(option), "--%s%s%s", rows[i].name,
			 rows[i].value ? "=" : "",
			 rows[i].value ? rows[i].value : "");
		used += (size_t)snprintf(
			out + used, size - used, "  %-20s%s%s\n", option,
			strlen(option) < 20 ? "" : "\n                      ",
			rows[i].help);
	}
}
