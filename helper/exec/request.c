/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "delegate-credentials.h"
#include "../common/rules.h"
#include "configfile.h"
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

/* VERSION asks for no credential: it trips over no configuration. */
static void find_rule(struct request *q, struct report *r)
{
	const struct rules_request ask = {
		.command = r->command,
		.types = &r->types,
		.pod_namespace = r->pod.namespace,
	};

	if (!q->options.config || r->command == CNI_OTHER ||
	    configfile_read(q->options.config, &q->config, r,
			    &q->config_error) < 0)
		return;
	q->rule = rules_find(&q->config, &ask);
	if (q->rule)
		r->rule = q->rule->name;
}

/* A failed read leaves its reason in netconf_error. */
static void read_netconf(struct request *q)
{
	(void)!netconf_read(q->input.data, q->input.len, q->rule, &q->netconf,
			    &q->netconf_error);
}

int request_read(int argc, char *const *argv, int caller, struct signals *s,
		 struct request *ret, struct report *r, struct err *e)
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
	    signals_take(s, e) < 0 ||
	    input_read(STDIN_FILENO, caller, s, &ret->input, e) < 0)
		return -1;
	if (s->terminated)
		return 0;
	find_rule(ret, r);
	read_netconf(ret);
	return 0;
}
