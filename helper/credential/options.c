/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <stdio.h>

#include "command.h"

int options_fail(const char *command, const struct err *e)
{
	fprintf(stderr, "multus-credential %s: %s\n", command, e->msg);
	return COMMAND_FAILED;
}

bool options_read(const struct option_set *set, int argc, char **argv,
		  void *ret, int *ret_status)
{
	struct err err = ERR_INIT;
	char text[2048];
	bool help;

	if (option_parse(set, argc, argv, ret, &help, &err) < 0) {
		options_fail(argv[0], &err);
		*ret_status = COMMAND_USAGE;
		return false;
	}
	if (!help)
		return true;
	option_usage(set, text, sizeof(text));
	fputs(text, stdout);
	*ret_status = 0;
	return false;
}
