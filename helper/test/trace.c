// SPDX-License-Identifier: Apache-2.0
#include "harness.h"

#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/filter.h>
#include <linux/ptrace.h>
#include <linux/seccomp.h>

static long entry_of(pid_t pid)
{
	struct ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <= 0)
		return -1;
	return info.op == PTRACE_SYSCALL_INFO_ENTRY ? (long)info.entry.nr : -1;
}

/* Until the next stop that is of ptrace's making; false when it has ended. */
static bool next_stop(struct job *j, enum __ptrace_request how)
{
	int sig = 0;

	do {
		if (ptrace(how, j->pid, NULL, (void *)(long)sig) ||
		    waitpid(j->pid, &j->status, 0) != j->pid ||
		    !WIFSTOPPED(j->status)) {
			j->ended = true;
			close(j->pidfd);
			j->pidfd = -1;
			return false;
		}
		sig = WSTOPSIG(j->status);
	} while (sig != (SIGTRAP | 0x80) && !(j->status >> 16));
	return true;
}

long trace_next(struct job *j)
{
	ptrace(PTRACE_SETOPTIONS, j->pid, NULL,
	       PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
	while (next_stop(j, PTRACE_SYSCALL)) {
		long nr = entry_of(j->pid);

		if (nr >= 0)
			return nr;
	}
	return -1;
}

void trace_waits_only(void)
{
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_poll, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { sizeof(f) / sizeof(f[0]), f };

	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog))
		_exit(119);
}

bool trace_wait(struct job *j, long *ret_timeout_ms)
{
	struct ptrace_syscall_info info;

	ptrace(PTRACE_SETOPTIONS, j->pid, NULL,
	       PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACESECCOMP |
		       PTRACE_O_EXITKILL);
	while (next_stop(j, PTRACE_CONT)) {
		assert_true(ptrace(PTRACE_GET_SYSCALL_INFO, j->pid,
				   sizeof(info), &info) > 0);
		*ret_timeout_ms = (int)info.seccomp.args[2];
		if (*ret_timeout_ms > 0)
			return true;
	}
	return false;
}

long trace_waited(struct job *j)
{
	struct ptrace_syscall_info info;

	assert_true(next_stop(j, PTRACE_SYSCALL));
	assert_true(ptrace(PTRACE_GET_SYSCALL_INFO, j->pid, sizeof(info),
			   &info) > 0);
	assert_int_equal(info.op, PTRACE_SYSCALL_INFO_EXIT);
	return info.exit.rval;
}

void trace_no_wait(struct job *j, const char *what)
{
	long timeout;

	if (trace_wait(j, &timeout))
		fail_msg("%s: was waited for", what);
	job_end(j);
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

pid_t trace_child(struct job *j)
{
	unsigned long child;

	ptrace(PTRACE_SETOPTIONS, j->pid, NULL,
	       PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK);
	assert_true(next_stop(j, PTRACE_CONT));
	assert_return_code(ptrace(PTRACE_GETEVENTMSG, j->pid, NULL, &child),
			   errno);
	assert_int_equal(waitpid((pid_t)child, NULL, __WALL), (pid_t)child);
	return (pid_t)child;
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
