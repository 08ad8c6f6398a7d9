/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "delegate-credentials.h"
#include "child.h"
#include "fd.h"

/* The child's, in our memory: a stack of its own is what lets it return. */
#define STACK_SIZE 16384

/* What the child is told, and where it says what went wrong. */
struct start {
	const char *plugin;
	pid_t parent;
	int root;
	const struct outfit *outfit;
	const struct signals *signals;
	struct child_failure *failure;
};

/*
 * Set before the check, so that no death of the parent goes unnoticed. One that
 * lives is in another pid namespace, and is told.
 */
static int die_with_parent(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return -1;
	if (getppid() == parent)
		return 0;
	errno = ESRCH;
	return -1;
}

static int inherit(const struct outfit *outfit, const struct signals *signals)
{
	if (dup2(outfit->input, STDIN_FILENO) < 0)
		return -1;
	/* A kernel without it got no credential, but may clean up. */
	if (fd_keep_all() < 0 && !err_is_forbidden(errno))
		return -1;
	return signals_give_back(signals);
}

static int enter_root(int root)
{
	if (fchdir(root) < 0 || chroot(".") < 0)
		return -1;
	return chdir("/");
}

/*
 * Until the exec the memory is the parent's, who waits and reads there why it
 * came to nothing. Descriptors, directories and signals are not.
 */
static int become(void *arg)
{
	struct start *s = arg;
	char *argv[] = { (char *)s->plugin, NULL };

	s->failure->step = CHILD_ENTERS;
	if (enter_root(s->root) < 0)
		goto failed;
	s->failure->step = CHILD_INHERITS;
	if (die_with_parent(s->parent) < 0 ||
	    inherit(s->outfit, s->signals) < 0)
		goto failed;
	s->failure->step = CHILD_EXECS;
	execve(s->plugin, argv, s->outfit->environment);
failed:
	s->failure->errnum = errno;
	return 127;
}

int child_start(int root, const struct outfit *outfit, const char *plugin,
		const struct signals *signals, pid_t *ret,
		struct child_failure *failure, struct err *e)
{
	static _Alignas(16) char stack[STACK_SIZE];
	struct start s = { plugin, getpid(), root, outfit, signals, failure };
	pid_t pid;

	*failure = (struct child_failure){ 0 };
	/* As vfork(2): a copy of our pages would cost more than the mounts do. */
	pid = clone(become, stack + sizeof(stack),
		    CLONE_VM | CLONE_VFORK | SIGCHLD, &s);
	if (pid < 0 && err_is_forbidden(errno))
		return err_call(e, errno, "clone");
	if (pid < 0)
		return err_sys(e, DC_CODE_INTERNAL, errno,
			       "raise the limit of processes or memory: clone "
			       "failed");
	if (failure->errnum || failure->step != CHILD_EXECS)
		waitpid(pid, NULL, 0);
	if (!failure->errnum && failure->step != CHILD_EXECS)
		return err_set(e, DC_CODE_INTERNAL,
			       "see the node's kernel log: the delegate was "
			       "killed before it started");
	*ret = pid;
	return 0;
}
