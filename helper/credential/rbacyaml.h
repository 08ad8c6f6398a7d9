/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RBACYAML_H
#define RBACYAML_H

#include <stdio.h>

#include "../common/config.h"

struct rbac_account {
	const char *namespace;
	const char *name;
};

#define RBAC_NAME_MAX 63 /* bytes of a name that is made here */

/*
 * Prints, as YAML that kubectl takes, what the configuration asks of RBAC and
 * nothing beyond it, always in the same order and with the same names:
 *
 *  - the service accounts that tokens are asked for;
 *  - in each namespace that a source is in, a Role "multus-credential" and its
 *    binding to the sidecar's account: create tokens of those accounts and get
 *    those ConfigMaps, each by its name;
 *  - for each rule's needs a Role "multus-delegate-RULE" in each namespace that
 *    they name, a ClusterRole for those that name none, and their bindings to
 *    the rule's account.
 *
 * Returns 0, or -1 where there is no memory. Whether all was written is
 * ferror's to say.
 */
int rbacyaml_print(FILE *out, const struct config *c,
		   const struct rbac_account *sidecar, struct err *e)
	__attribute__((warn_unused_result));

/*
 * "multus-delegate-RULE"; one that would be longer than RBAC_NAME_MAX ends in
 * a hash of the whole.
 */
void rbacyaml_name(const char *rule, char ret[RBAC_NAME_MAX + 1]);

#endif
