/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "delegate-credentials.h"
#include "child.h"
#include "fd.h"

/* Set before the check, so that no death of the parent goes unnoticed. */
static int die_with_parent(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return -1;
	if (getppid() != parent)
		_exit(127);
	return 0;
}

static int inherit(const struct outfit *outfit, const struct signals *signals)
{
	if (dup2(outfit->input, STDIN_FILENO) < 0)
		return -1;
	/* A kernel without it got no credential, but may clean up. */
	if (fd_keep_all() < 0 && errno != ENOSYS && errno != EPERM)
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
 * Between vfork and exec: the memory is the parent's, who waits and reads
 * there why it came to nothing. Descriptors, directories and signals are not.
 */
static _Noreturn void become(const char *plugin, pid_t parent, int root,
			     const struct outfit *outfit,
			     const struct signals *signals,
			     struct child_failure *failure)
{
	char *argv[] = { (char *)plugin, NULL };

	failure->step = CHILD_ENTERS;
	if (enter_root(root) < 0)
		goto failed;
	failure->step = CHILD_INHERITS;
	if (die_with_parent(parent) < 0 || inherit(outfit, signals) < 0)
		goto failed;
	failure->step = CHILD_EXECS;
	execve(plugin, argv, outfit->environment);
failed:
	failure->errnum = errno;
	_exit(127);
}

int child_start(int root, const struct outfit *outfit, const char *plugin,
		const struct signals *signals, pid_t *ret,
		struct child_failure *failure, struct err *e)
{
	pid_t parent = getpid();
	pid_t pid;

	*failure = (struct child_failure){ 0 };
	/* A copy of our pages would cost more than the mounts do. */
	pid = vfork(); /* NOLINT(clang-analyzer-security.insecureAPI.vfork) */
	if (pid == 0) /* NOLINTNEXTLINE(clang-analyzer-unix.Vfork) */
		become(plugin, parent, root, outfit, signals, failure);
	if (pid < 0)
		return err_sys(e, DC_CODE_INTERNAL, errno,
			       "raise the limit of processes or memory: vfork "
			       "failed");
	if (failure->errnum)
		waitpid(pid, NULL, 0);
	*ret = pid;
	return 0;
}
