/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REQUEST_H
#define REQUEST_H

#include "../common/config.h"
#include "../common/err.h"
#include "../common/netconf.h"
#include "../common/report.h"
#include "input.h"
#include "options.h"

/* What the caller asks for. */
struct request {
	struct options options;
	/* With --config, but for what needs no credential: */
	struct config config;	 /* valid where its error's code is 0 */
	struct err config_error; /* DC_CODE_CONFIG, _KERNEL, _INTERNAL */
	const struct config_rule *rule; /* the one that matches, or NULL */
	struct input input;
	struct netconf netconf;
	struct err netconf_error; /* code 0: netconf is valid */
};

/*
 * Reads command line, environment, stdin and configuration; once the first two
 * are known it takes the signals. What is known of the request is noted in r,
 * also on error: DC_CODE_COMMAND_LINE, DC_CODE_UNSAFE_REQUEST or
 * what input_read says. A configuration or a netconf that cannot be read is for
 * the plan to judge. What is in ret stays until this process ends.
 */
int request_read(int argc, char *const *argv, int caller, struct signals *s,
		 struct request *ret, struct report *r, struct err *e)
	__attribute__((warn_unused_result));

#endif
