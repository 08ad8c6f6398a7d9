/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REQUEST_H
#define REQUEST_H

#include "../common/err.h"
#include "../common/netconf.h"
#include "../common/report.h"
#include "input.h"
#include "options.h"

/* What the caller asks for. */
struct request {
	struct options options;
	struct input input;
	struct netconf netconf;
	struct err netconf_error; /* code 0: netconf is valid */
};

/*
 * Reads command line, environment and stdin. What is known of the request is
 * noted in r, also on error: DC_CODE_COMMAND_LINE, DC_CODE_UNSAFE_REQUEST or
 * DC_CODE_INTERNAL. A netconf that cannot be read is for the plan to judge.
 */
int request_read(int argc, char *const *argv, struct request *ret,
		 struct report *r, struct err *e)
	__attribute__((warn_unused_result));

#endif
