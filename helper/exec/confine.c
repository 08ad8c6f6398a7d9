/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/seccomp.h>
#include <sys/prctl.h>

#include "confine.h"
#include "waitfilter.h"

void confine_memory(void)
{
	prctl(PR_SET_DUMPABLE, 0);
}

int confine_waiting(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &wait_filter);
}
