/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>

#include "confine.h"

void confine_memory(void)
{
	prctl(PR_SET_DUMPABLE, 0);
}

/*
 * EPERM and not a kill: the parent's death would take the delegate along. The
 * C library's own needs are here too (restart_syscall, brk, munmap).
 */
static const int allowed[] = {
	/* wait */
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(read),
	SCMP_SYS(wait4),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(restart_syscall),
	/* pass signals on */
	SCMP_SYS(kill),
	/* tear down */
	SCMP_SYS(fchdir),
	SCMP_SYS(chdir),
	SCMP_SYS(umount2),
	SCMP_SYS(close),
	/* report */
	SCMP_SYS(write),
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	/* end, by a signal where the delegate did */
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(getpid),
	SCMP_SYS(exit_group),
#ifdef __SANITIZE_ADDRESS__
	/* AddressSanitizer clears the stack ahead of a call without return */
	SCMP_SYS(sigaltstack),
	SCMP_SYS(gettid),
	SCMP_SYS(mmap),
#endif
};

int confine_waiting(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int failed = filter ? 0 : -ENOMEM;

	for (size_t i = 0; !failed && i < sizeof(allowed) / sizeof(allowed[0]);
	     i++)
		failed =
			seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
	if (!failed)
		failed = seccomp_load(filter);
	if (filter)
		seccomp_release(filter);
	errno = -failed;
	return failed ? -1 : 0;
}
