/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>

#include "confine.h"
#include "waitfilter.h"

void confine_memory(void)
{
	prctl(PR_SET_DUMPABLE, 0);
}

bool confine_memory_holds(void)
{
	return prctl(PR_GET_DUMPABLE) == 0;
}

/* A filter that cannot be read tells whether one that can would be taken. */
bool confine_waiting_is_possible(void)
{
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL) < 0 &&
	       errno == EFAULT;
}

int confine_waiting(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &wait_filter);
}
