/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preloaded into cmocka's programs: MUTATE_TEST names the one test to run;
 * without it their names are printed and none runs.
 */
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

typedef int run_fn(const char *group, const struct CMUnitTest *tests,
		   size_t count, CMFixtureFunction setup,
		   CMFixtureFunction teardown);

int _cmocka_run_group_tests(const char *group,
			    const struct CMUnitTest *const tests,
			    const size_t count, CMFixtureFunction setup,
			    CMFixtureFunction teardown)
{
	run_fn *run = (run_fn *)dlsym(RTLD_NEXT, "_cmocka_run_group_tests");
	const char *name = getenv("MUTATE_TEST");

	for (size_t i = 0; i < count; i++)
		if (!tests[i].test_func)
			continue;
		else if (!name)
			puts(tests[i].name);
		else if (strcmp(tests[i].name, name) == 0)
			return run(group, &tests[i], 1, setup, teardown);
	return 0;
}
