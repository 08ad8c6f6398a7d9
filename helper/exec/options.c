/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "delegate-credentials.h"
#include "../common/option.h"
#include "options.h"

/* None is marked as required: what is needed depends on the others. */
static const struct option_row rows[] = {
	{ "root", "DIR", "the delegate's root directory; / for none",
	  offsetof(struct options, root), false },
	{ "types", "MAIN,IPAM,DELEGATE,DELEGATE_IPAM",
	  "the types in the netconf; empty where absent",
	  offsetof(struct options, types), false },
	{ "directory", "DIR", "the credential: a service-account directory",
	  offsetof(struct options, directory), false },
	{ "config", "FILE", "or: the configuration, which has rules",
	  offsetof(struct options, config), false },
	{ "store", "DIR", "and the store of the rules' credentials",
	  offsetof(struct options, store), false },
	{ "strict", NULL, "refuse where a protection is missing in the kernel",
	  offsetof(struct options, strict), false },
	{ "version", NULL, "print the version",
	  offsetof(struct options, version), false },
};

static const struct option_set set = {
	.usage = "multus-delegate-exec --root=DIR --types=TYPES "
		 "(--directory=DIR |\n"
		 "           --config=FILE --store=DIR) [--strict] -- PLUGIN",
	.summary = "Run a CNI delegate with a credential that only it sees.",
	.rows = rows,
	.row_count = sizeof(rows) / sizeof(rows[0]),
};

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

/* How many arguments there are in front of "--". */
static int count_options(int argc, char *const *argv)
{
	int n = 1;

	while (n < argc && strcmp(argv[n], "--"))
		n++;
	return n < argc ? n : argc;
}

int options_parse(int argc, char *const *argv, struct options *ret,
		  struct err *e)
{
	int n = count_options(argc, argv);

	memset(ret, 0, sizeof(*ret));
	if (option_parse(&set, n, argv, ret, &ret->help, e) < 0)
		return -1;
	if (ret->help || ret->version)
		return 0;
	if (argc - n > 2)
		return err_set(e, DC_CODE_COMMAND_LINE,
			       "give one plugin behind --, not %d",
			       argc - n - 1);
	if (argc - n == 2)
		ret->plugin = argv[n + 1];
	return check_required(ret, e);
}

void options_usage(char *out, size_t size)
{
	option_usage(&set, out, size);
}
