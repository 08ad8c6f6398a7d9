/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The helper without the look for a server that the network configuration
 * chooses: a control, linked with --wrap=netconf_read.
 */
#include "../common/netconf.h"

int __real_netconf_read(const char *buf, size_t len,
			const struct config_rule *rule, struct netconf *ret,
			struct err *e);
int __wrap_netconf_read(const char *buf, size_t len,
			const struct config_rule *rule, struct netconf *ret,
			struct err *e);

int __wrap_netconf_read(const char *buf, size_t len,
			const struct config_rule *rule, struct netconf *ret,
			struct err *e)
{
	int failed = __real_netconf_read(buf, len, rule, ret, e);

	ret->choice[0] = '\0';
	return failed;
}
