/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "netkey.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *key;
	unsigned n;
	const char *part; /* NULL: it has none */
} parts[] = {
	{ "kubeconfig", 0, "kubeconfig" },
	{ "kubeconfig", 1, NULL },
	{ "ipam.kubernetes.kubeconfig", 0, "ipam" },
	{ "ipam.kubernetes.kubeconfig", 1, "kubernetes" },
	{ "ipam.kubernetes.kubeconfig", 2, "kubeconfig" },
	{ "ipam.kubernetes.kubeconfig", 3, NULL },
	{ "a.b.c.d.e.f.g.h", 7, "h" },
	{ "a.b.c.d.e.f.g.h", 8, NULL },
	{ "a.b.c.d.e.f.g.h.i", 7, "h" },
	{ "a.b.c.d.e.f.g.h.i", 8, NULL },
};

static void takes_keys_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(parts); i++) {
		size_t len = 0;
		const char *part = netkey_part(parts[i].key, parts[i].n, &len);

		if (parts[i].part == NULL) {
			assert_null(part);
			continue;
		}
		assert_non_null(part);
		assert_int_equal(len, strlen(parts[i].part));
		assert_memory_equal(part, parts[i].part, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_keys_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
