// SPDX-License-Identifier: Apache-2.0
#include "harness.h"

#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/ptrace.h>

static long entry_of(pid_t pid)
{
	struct ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <= 0)
		return -1;
	return info.op == PTRACE_SYSCALL_INFO_ENTRY ? (long)info.entry.nr : -1;
}

long trace_next(struct job *j)
{
	int sig = 0;

	ptrace(PTRACE_SETOPTIONS, j->pid, NULL,
	       PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
	for (;;) {
		long nr;

		if (ptrace(PTRACE_SYSCALL, j->pid, NULL, (void *)(long)sig) ||
		    waitpid(j->pid, &j->status, 0) != j->pid ||
		    !WIFSTOPPED(j->status)) {
			j->ended = true;
			close(j->pidfd);
			j->pidfd = -1;
			return -1;
		}
		sig = WSTOPSIG(j->status);
		if (sig != (SIGTRAP | 0x80))
			continue;
		sig = 0;
		nr = entry_of(j->pid);
		if (nr >= 0)
			return nr;
	}
}

void trace_detach(struct job *j)
{
	if (ptrace(PTRACE_DETACH, j->pid, NULL, NULL) && errno != ESRCH)
		fail_msg("detach");
}

bool trace_is_fork(long nr)
{
	switch (nr) {
	case SYS_clone:
	case SYS_clone3:
#ifdef SYS_fork
	case SYS_fork:
	case SYS_vfork:
#endif
		return true;
	default:
		return false;
	}
}
