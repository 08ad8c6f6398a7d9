/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FUZZ_RULE_H
#define FUZZ_RULE_H

#include "../common/config.h"
#include "../common/netconf_edit.h"
#include "fuzz.h"

/*
 * An input for a netconf's readers: its first byte chooses keys of a table,
 * one bit each, the rest is the document.
 */
struct fuzz_rule {
	const char *doc;
	size_t len;
	const char *keys[8];
	size_t count; /* 1 to 8 */
};

static inline bool fuzz_rule_take(const uint8_t *data, size_t len,
				  struct fuzz_rule *ret)
{
	static const char *const table[] = {
		"kubeconfig",	 "kubernetes.kubeconfig",
		"ipam.k",	 "ipam.kubernetes.kubeconfig",
		"delegate.k",	 "delegate.ipam.kubernetes.k",
		"policy.k8s_a.b", "a.b.c.d.e.f.g.h",
	};

	ret->count = 0;
	if (len == 0 || data[0] == 0)
		return false;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (data[0] >> i & 1)
			ret->keys[ret->count++] = table[i];
	}
	ret->doc = (const char *)data + 1;
	ret->len = len - 1;
	return true;
}

#endif
