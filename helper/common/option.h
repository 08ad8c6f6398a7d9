/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPTION_H
#define OPTION_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

/*
 * Command lines as tables: one table says what is parsed, what is asked for
 * and what --help prints. An option is --NAME=VALUE, --NAME VALUE where that does
 * not begin with a dash, or --NAME for a switch; each at most once and never
 * shortened.
 */
struct option_row {
	const char *name;
	const char *value; /* what the help calls it; NULL: a switch */
	const char *help;
	size_t offset; /* of a const char *, of a bool for a switch */
	bool required;
};

struct option_set {
	const char *usage;   /* the whole line, for the help */
	const char *summary; /* a sentence, for the help */
	const struct option_row *rows; /* --help is known without a row */
	size_t row_count;
	/* The one argument that is no option and must be there; NULL: none. */
	const char *operand;
	size_t operand_offset; /* of a const char * */
};

/*
 * Parses argv[1] and on into the fields of ret, which must be all zero and
 * borrows argv. The operand may stand before, between or behind the options.
 * Returns 0, or -1 with DC_CODE_COMMAND_LINE and the option at fault in e.
 * With --help, *ret_help is set and nothing else is asked for.
 */
int option_parse(const struct option_set *set, int argc, char *const *argv,
		 void *ret, bool *ret_help, struct err *e)
	__attribute__((warn_unused_result));

/* The text for --help, cut to size with its NUL. */
void option_usage(const struct option_set *set, char *out, size_t size);

#endif
