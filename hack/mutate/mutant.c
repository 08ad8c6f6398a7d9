/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linked into every instrumented program. Which check is out stands in the
 * program's file, where `select` writes it: the helper keeps neither
 * environment nor descriptors, and every mutant is the same build.
 */
#include <stddef.h>
#include <sys/shm.h>

#include "mutant.h"
#include "selection.h"

static volatile struct selection selection = { SELECTION_MARK, 0, -1 };

/* Shared memory with a byte a check: where one said no, so that it matters. */
static volatile char *noted;

/* Before the program gives anything up. */
__attribute__((constructor)) static void attach(void)
{
	void *p = selection.memory < 0 ? NULL :
					 shmat(selection.memory, NULL, 0);

	noted = p == (void *)-1 ? NULL : p;
}

static int is_out(int number)
{
	if (noted)
		noted[number] = 1;
	return selection.number == number;
}

int mutant_never(int number, int condition)
{
	return condition && !is_out(number);
}

int mutant_always(int number, int condition)
{
	return condition || is_out(number);
}
