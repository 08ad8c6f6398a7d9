/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>

#include "../common/option.h"

/*
 * Parses a sub-command's line (see option_parse) and answers what every one
 * of them answers alike: --help on standard output, a mistake on standard
 * error. Returns whether the command is to go on; if not, *ret_status is the
 * exit status.
 */
bool options_read(const struct option_set *set, int argc, char **argv,
		  void *ret, int *ret_status)
	__attribute__((warn_unused_result));

/* "multus-credential COMMAND: message" on standard error; COMMAND_FAILED. */
int options_fail(const char *command, const struct err *e);

#endif
