// SPDX-License-Identifier: Apache-2.0
/* One system call of a run that fails, by its number in the run. */
#include "harness.h"

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/ptrace.h>

/* One of the two that are followed, until it ends or is let go. */
struct tracee {
	pid_t pid; /* 0: not, or not any more */
	bool inside; /* of the call that is to fail */
};

struct tracing {
	struct job *job;
	struct fault *fault;
	struct tracee parent;
	struct tracee child;
	bool in_main;
	bool forked;
	bool has_child; /* or had */
	long n;
};

/* set: NT_PRSTATUS, or another set of registers. */
static void access_registers(int request, pid_t pid, long set, void *r,
			     size_t size)
{
	struct iovec v = { r, size };

	if (ptrace(request, pid, (void *)set, &v))
		fail_msg("registers: %s", strerror(errno));
}

static void skip_call(pid_t pid)
{
#if defined(__x86_64__)
	struct user_regs_struct r;

	access_registers(PTRACE_GETREGSET, pid, NT_PRSTATUS, &r, sizeof(r));
	r.orig_rax = -1;
	access_registers(PTRACE_SETREGSET, pid, NT_PRSTATUS, &r, sizeof(r));
#elif defined(__aarch64__)
	int none = -1;

	access_registers(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &none,
			 sizeof(none));
#else
#error "say how this machine skips a system call"
#endif
}

static void set_result(pid_t pid, long result)
{
	struct user_regs_struct r;

	access_registers(PTRACE_GETREGSET, pid, NT_PRSTATUS, &r, sizeof(r));
#if defined(__x86_64__)
	r.rax = result;
#elif defined(__aarch64__)
	r.regs[0] = result;
#endif
	access_registers(PTRACE_SETREGSET, pid, NT_PRSTATUS, &r, sizeof(r));
}

void trace_clear_bits(struct job *j, int arg, unsigned long bits)
{
	struct user_regs_struct r;

	access_registers(PTRACE_GETREGSET, j->pid, NT_PRSTATUS, &r, sizeof(r));
#if defined(__x86_64__)
	*(unsigned long long *[]){ &r.rdi, &r.rsi, &r.rdx, &r.r10, &r.r8,
				   &r.r9 }[arg] &= ~bits;
#elif defined(__aarch64__)
	r.regs[arg] &= ~bits;
#endif
	access_registers(PTRACE_SETREGSET, j->pid, NT_PRSTATUS, &r, sizeof(r));
}

/* Told of by its parent's stop or by its own, whichever comes first. */
static void note_child(struct tracing *t, pid_t pid)
{
	if (!t->has_child)
		t->child.pid = pid;
	t->has_child = true;
}

/* NULL: an orphan of an earlier run that has come to us. */
static struct tracee *find(struct tracing *t, pid_t pid, int status)
{
	if (t->parent.pid == pid)
		return &t->parent;
	if (WIFSTOPPED(status))
		note_child(t, pid);
	return t->child.pid == pid ? &t->child : NULL;
}

static void at_fork(struct tracing *t)
{
	unsigned long pid;

	t->forked = true;
	if (ptrace(PTRACE_GETEVENTMSG, t->parent.pid, NULL, &pid))
		fail_msg("fork: %s", strerror(errno));
	note_child(t, pid);
}

static bool is_wanted(const struct tracing *t, const struct tracee *who)
{
	const struct fault *f = t->fault;

	if (who == &t->child)
		return f->where == FAULT_CHILD;
	return f->where == FAULT_PARENT ? t->in_main :
	       f->where == FAULT_TEARDOWN ? t->forked : false;
}

static void at_entry(struct tracing *t, struct tracee *who,
		     const struct ptrace_syscall_info *info)
{
	struct fault *f = t->fault;
	long nr = info->entry.nr;

	/* The first call of main. */
	t->in_main |= who == &t->parent && nr == SYS_fcntl;
	if (f->hit || !is_wanted(t, who) || f->spare(nr) ||
	    t->n++ != f->n)
		return;
	f->hit = true;
	f->nr = nr;
	f->arg = info->entry.args[0];
	who->inside = true;
	/* Linux closes a descriptor whatever it says of it: close(2). */
	if (nr != SYS_close)
		skip_call(who->pid);
}

static void at_exit(const struct tracing *t, struct tracee *who)
{
	if (who->inside)
		set_result(who->pid, -t->fault->error);
	who->inside = false;
}

static void at_call(struct tracing *t, struct tracee *who)
{
	struct ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, who->pid, sizeof(info), &info) <= 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		at_entry(t, who, &info);
	else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
		at_exit(t, who);
}

static void let_go(struct tracee *who, int sig)
{
	ptrace(PTRACE_DETACH, who->pid, NULL, (void *)(long)sig);
	who->pid = 0;
}

/* Whether there is nothing more to do for the one that has stopped. */
static bool is_done_with(const struct tracing *t, const struct tracee *who,
			 int event)
{
	if (who->inside)
		return false;
	return t->fault->hit || (who == &t->child && event == PTRACE_EVENT_EXEC);
}

static void at_stop(struct tracing *t, struct tracee *who, int status)
{
	int sig = WSTOPSIG(status), event = status >> 16;

	if (event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_FORK)
		at_fork(t);
	if (sig == (SIGTRAP | 0x80))
		at_call(t, who);
	/* A stop that ptrace makes is no signal for the one that stops. */
	if (sig == (SIGTRAP | 0x80) || sig == SIGTRAP || sig == SIGSTOP)
		sig = 0;
	if (is_done_with(t, who, event))
		let_go(who, sig);
	else
		ptrace(PTRACE_SYSCALL, who->pid, NULL, (void *)(long)sig);
}

static void at_end(struct tracing *t, struct tracee *who, int status)
{
	who->pid = 0;
	if (who != &t->parent)
		return;
	t->job->status = status;
	t->job->ended = true;
	close(t->job->pidfd);
	t->job->pidfd = -1;
}

void trace_fault(struct job *j, struct fault *f)
{
	const long follow = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL |
			    PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			    PTRACE_O_TRACEEXEC;
	struct tracing t = { .job = j, .fault = f, .parent.pid = j->pid };

	ptrace(PTRACE_SETOPTIONS, j->pid, NULL, follow);
	ptrace(PTRACE_SYSCALL, j->pid, NULL, NULL);
	while (t.parent.pid || t.child.pid) {
		int status;
		pid_t pid = waitpid(-1, &status, __WALL);
		struct tracee *who;

		assert_return_code(pid, errno);
		who = find(&t, pid, status);
		if (who && WIFSTOPPED(status))
			at_stop(&t, who, status);
		else if (who)
			at_end(&t, who, status);
	}
}
