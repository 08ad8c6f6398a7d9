/* SPDX-License-Identifier: Apache-2.0 */
/* multus-credential check: every mistake in a configuration, offline. */
#include <stdio.h>

#include "command.h"
#include "configfile.h"
#include "mistakes.h"
#include "options.h"

struct check_options {
	const char *config;
};

static const struct option_row rows[] = {
	{ "config", "FILE", "the configuration",
	  offsetof(struct check_options, config), true },
};

static const struct option_set options = {
	.usage = "multus-credential check --config=FILE",
	.summary = "Look for mistakes in a configuration, without a cluster.",
	.rows = rows,
	.row_count = sizeof(rows) / sizeof(rows[0]),
};

int command_check(int argc, char **argv)
{
	static struct config_mistakes mistakes;
	struct check_options o = { NULL };
	struct err err = ERR_INIT;
	struct config config;
	int status;

	if (!options_read(&options, argc, argv, &o, &status))
		return status;
	if (configfile_read(o.config, &config, &mistakes, &err) == 0) {
		printf("%s: no mistakes in %zu rule%s\n", o.config,
		       config.rule_count, config.rule_count == 1 ? "" : "s");
		config_free(&config);
		return 0;
	}
	if (mistakes.count == 0)
		return options_fail(argv[0], &err);
	mistakes_print(o.config, &mistakes, stdout);
	return COMMAND_FAILED;
}
