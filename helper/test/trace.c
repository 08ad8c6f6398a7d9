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

static void count_entry(long entry, const long *nr, size_t n, size_t *ret)
{
	for (size_t i = 0; i < n; i++)
		if (nr[i] == entry)
			ret[i]++;
}

static int signal_to_hand_on(int status)
{
	int sig = WSTOPSIG(status);

	if (sig == (SIGTRAP | 0x80) || status >> 16)
		return 0;
	/* The first stop of what was just started. */
	return sig == SIGSTOP || sig == SIGTRAP ? 0 : sig;
}

void trace_count(struct job *j, const long *nr, size_t n, size_t *ret)
{
	const long follow = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL |
			    PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			    PTRACE_O_TRACECLONE;
	int sig = 0, status;
	pid_t pid = j->pid;

	ptrace(PTRACE_SETOPTIONS, pid, NULL, follow);
	for (;;) {
		ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)sig);
		pid = waitpid(-1, &status, __WALL);
		assert_return_code(pid, errno);
		sig = 0;
		if (WIFSTOPPED(status)) {
			count_entry(entry_of(pid), nr, n, ret);
			sig = signal_to_hand_on(status);
		} else if (pid == j->pid) {
			break;
		}
	}
	j->status = status;
	j->ended = true;
	close(j->pidfd);
	j->pidfd = -1;
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
