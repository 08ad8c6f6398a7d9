/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "../common/err.h"

/* The command line, checked for its form only. Borrows argv. */
struct options {
	const char *root;
	const char *types;
	const char *directory; /* this, or the next two */
	const char *config;
	const char *store;
	const char *plugin;
	bool strict;
	bool help;
	bool version;
};

/*
 * Options as option_parse knows them; behind "--" stands the plugin's absolute
 * path alone. Returns 0, or -1 with DC_CODE_COMMAND_LINE and the option at
 * fault in e. With --help or --version nothing else is asked for.
 */
int options_parse(int argc, char *const *argv, struct options *ret,
		  struct err *e) __attribute__((warn_unused_result));

/* The text for --help, made from the table that the parser uses. */
void options_usage(char *out, size_t size);

#endif
