/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NETCONF_H
#define NETCONF_H

#include <stdbool.h>
#include <stddef.h>

#include "config.h"
#include "err.h"

/*
 * What the helper has to know of a network configuration (CNI spec 1.1.0,
 * section 1), and nothing more: the rest is between the delegate and its
 * author.
 */
struct netconf {
	/*
	 * cniVersion as it stands, for our own error answers; "" where it is
	 * absent, no string or longer than a version is.
	 */
	char cni_version[16];
	/*
	 * The first key by which the configuration chooses an API server or
	 * credential files of its own, as a dotted path of the names as we
	 * know them ("ipam.kubernetes", "policy.k8s_*", "kubernetes.*" for
	 * any member, whatever their case in the file), with its place in the
	 * file; "" where there is none. Whoever wrote such a key could have
	 * our token sent to a server of his.
	 */
	char choice[128];
	size_t choice_line;
	size_t choice_column;
};

/*
 * Reads a netconf. Looked at for choices: the top level, `ipam`, `delegate`,
 * `delegate.ipam` and every deeper delegate; not prevResult and not args.
 * Keys are compared as Go compares them, duplicates all count, and presence
 * counts whatever the value. The rule that applies, NULL where there is none,
 * changes two things:
 *
 * - Its kubeconfig's configKeys are no choices where they stand, counted from
 *   the top level: netconf_edit replaces their values. An object that is a
 *   choice and holds such a key is none itself, but each other member of it
 *   is. At another place they are choices.
 * - Its credentialKeys, counted from each of the places above, are choices.
 *
 * Returns 0, or -1 where Go could not decode it into an object: code
 * DC_CODE_UNSAFE_REQUEST, and a message that begins with what to do, line and
 * column. Not reentrant.
 */
int netconf_read(const char *buf, size_t len, const struct config_rule *rule,
		 struct netconf *ret, struct err *e)
	__attribute__((warn_unused_result));

#endif
