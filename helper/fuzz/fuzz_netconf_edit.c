/* SPDX-License-Identifier: Apache-2.0 */
/*
 * netconf_edit: what it writes can be read and edited again without a change,
 * chooses what the original chose, and differs between two values in nothing
 * but these.
 */
#include <string.h>

#include "../common/netconf.h"
#include "rule.h"

#define A "AAAA"
#define B "BBBB"

struct output {
	char *data;
	size_t len;
};

static int take(void *arg, const char *data, size_t len, struct err *e)
{
	struct output *o = arg;

	(void)e;
	o->data = realloc(o->data, o->len + len);
	must(o->data != NULL && len > 0);
	memcpy(o->data + o->len, data, len);
	o->len += len;
	return 0;
}

static int edit(const struct fuzz_rule *f, const char *value,
		struct output *ret, struct err *e)
{
	const struct netconf_sink sink = { take, ret };
	struct netconf_value values[8];

	*ret = (struct output){ NULL, 0 };
	for (size_t i = 0; i < f->count; i++)
		values[i] = (struct netconf_value){ f->keys[i], value };
	return netconf_edit(f->doc, f->len, values, f->count, &sink, e);
}

/* What can be read can be edited, but for this. */
static bool is_reason(const struct err *e)
{
	return strstr(e->msg, "has to be an object") ||
	       strstr(e->msg, "take duplicate keys out");
}

/* At least one A, and wherever the two differ a whole one. */
static void check_difference(const struct output *a, const struct output *b)
{
	size_t values = 0;

	must(a->len == b->len);
	for (size_t i = 0; i < a->len; i++) {
		if (a->data[i] == b->data[i])
			continue;
		must(i > 0 && a->len - i > strlen("\"" A) - 1);
		must(memcmp(a->data + i - 1, "\"" A "\"", 6) == 0);
		must(memcmp(b->data + i - 1, "\"" B "\"", 6) == 0);
		values++;
		i += 3;
	}
	must(values > 0);
}

static void check_again(const struct fuzz_rule *f, const struct output *a,
			const struct netconf *before)
{
	struct fuzz_rule edited = *f;
	struct config_kubeconfig kubeconfig = {
		.config_keys = { edited.keys, edited.count },
	};
	const struct config_rule rule = { .kubeconfig = &kubeconfig };
	struct netconf after;
	struct output again;
	struct err e = ERR_INIT;

	edited.doc = a->data;
	edited.len = a->len;
	must(netconf_read(a->data, a->len, &rule, &after, &e) == 0);
	must(strcmp(before->choice, after.choice) == 0);
	must(strcmp(before->cni_version, after.cni_version) == 0);
	must(edit(&edited, A, &again, &e) == 0);
	must(again.len == a->len && memcmp(again.data, a->data, a->len) == 0);
	free(again.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz_rule f;
	struct config_kubeconfig kubeconfig = { .context_name = NULL };
	const struct config_rule rule = { .kubeconfig = &kubeconfig };
	struct netconf before;
	struct output a, b;
	struct err read_e = ERR_INIT, e = ERR_INIT;

	if (!fuzz_rule_take(data, len, &f))
		return 0;
	kubeconfig.config_keys = (struct config_strings){ f.keys, f.count };
	if (netconf_read(f.doc, f.len, &rule, &before, &read_e) < 0) {
		must(edit(&f, A, &a, &e) < 0);
		fuzz_check_error(&e);
		must(is_reason(&e) || strcmp(e.msg, read_e.msg) == 0);
	} else if (edit(&f, A, &a, &e) < 0) {
		must(is_reason(&e));
	} else {
		must(edit(&f, B, &b, &e) == 0);
		check_difference(&a, &b);
		check_again(&f, &a, &before);
		free(b.data);
	}
	free(a.data);
	return 0;
}
