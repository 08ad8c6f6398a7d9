// SPDX-License-Identifier: Apache-2.0
/*
 * The delegate of all tests: it does what DELEGATE_DO says (ops.h), and fails
 * as a CNI plugin fails.
 */
#include <stdio.h>
#include <stdlib.h>

#include "ops.h"

int main(int argc, char **argv)
{
	const char *script = getenv("DELEGATE_DO");
	char why[256];

	(void)argc;
	ops_argv = argv;
	if (!script || !ops_run(script, why))
		return 0;
	printf("{\"code\":999,\"msg\":\"%s\"}\n", why);
	return 1;
}
