/* SPDX-License-Identifier: Apache-2.0 */
/* netconf: a rule changes what is a choice, never what can be read. */
#include <string.h>

#include "../common/netconf.h"
#include "rule.h"

static int read_by(const struct fuzz_rule *f, const struct config_rule *rule,
		   struct netconf *ret)
{
	struct err e = ERR_INIT;
	int r = netconf_read(f->doc, f->len, rule, ret, &e);

	if (r < 0) {
		fuzz_check_error(&e);
		return r;
	}
	must(e.code == 0);
	must(strlen(ret->choice) < sizeof(ret->choice));
	must((ret->choice[0] != '\0') == (ret->choice_line > 0));
	must(ret->choice_line <= f->len + 1 && ret->choice_column <= f->len);
	must(strspn(ret->cni_version, "0123456789.") ==
	     strlen(ret->cni_version));
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz_rule f;
	struct netconf without, empty, serving, declaring;
	struct config_kubeconfig kubeconfig = { .context_name = NULL };
	struct config_rule rule = { .kubeconfig = &kubeconfig };
	int r;

	if (!fuzz_rule_take(data, len, &f))
		return 0;
	r = read_by(&f, NULL, &without);
	must(read_by(&f, &rule, &empty) == r);
	kubeconfig.config_keys = (struct config_strings){ f.keys, f.count };
	must(read_by(&f, &rule, &serving) == r);
	rule.kubeconfig = NULL;
	rule.credential_keys = kubeconfig.config_keys;
	must(read_by(&f, &rule, &declaring) == r);
	if (r < 0)
		return 0;
	must(memcmp(&without, &empty, sizeof(without)) == 0);
	must(strcmp(without.cni_version, serving.cni_version) == 0);
	must(without.choice[0] == '\0' || declaring.choice[0] != '\0');
	must(serving.choice[0] == '\0' || declaring.choice[0] != '\0');
	return 0;
}
