/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "delegate-credentials.h"
#include "request.h"

static int check_plugin(const struct options *o, const struct report *r,
			struct err *e)
{
	const char *base = strrchr(o->plugin, '/') + 1;

	if (!strcmp(base, r->types.main))
		return 0;
	return err_set(e, DC_CODE_UNSAFE_REQUEST,
		       "name the plugin as its type: type '%s' is not '%s'",
		       r->types.main, base);
}

int request_read(int argc, char *const *argv, struct request *ret,
		 struct report *r, struct err *e)
{
	memset(ret, 0, sizeof(*ret));
	ret->input.fd = -1;
	r->command = cni_command_parse(getenv("CNI_COMMAND"));
	cni_pod_parse(getenv("CNI_ARGS"), &r->pod);
	if (options_parse(argc, argv, &ret->options, e) < 0)
		return -1;
	if (ret->options.help || ret->options.version)
		return 0;
	r->plugin = ret->options.plugin;
	if (cni_types_parse(ret->options.types, &r->types, e) < 0 ||
	    check_plugin(&ret->options, r, e) < 0 ||
	    input_read(STDIN_FILENO, &ret->input, e) < 0)
		return -1;
	/* A failed read leaves its reason in netconf_error. */
	(void)!netconf_read(ret->input.data, ret->input.len, NULL,
			    &ret->netconf, &ret->netconf_error);
	input_unmap(&ret->input);
	return 0;
}
