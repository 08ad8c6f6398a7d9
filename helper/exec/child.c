/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "delegate-credentials.h"
#include "child.h"
#include "fd.h"

/* A plugin that is being installed: as Multus waits for it, so do we. */
#define EXEC_TRIES 6

static _Noreturn void child_fail(int started, int in_exec)
{
	struct child_failure failure = { .errnum = errno, .in_exec = in_exec };

	if (write(started, &failure, sizeof(failure)) < 0)
		_exit(126);
	_exit(127);
}

/* Set before the check, so that no death of the parent goes unnoticed. */
static void die_with_parent(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
}

static int enter_root(int root)
{
	if (fchdir(root) < 0 || chroot(".") < 0)
		return -1;
	return chdir("/");
}

static void exec_plugin(const char *plugin, char **environment)
{
	char *argv[] = { (char *)plugin, NULL };

	for (int i = 0; i < EXEC_TRIES; i++) {
		if (i)
			sleep(1);
		execve(plugin, argv, environment);
		if (errno != ETXTBSY)
			break;
	}
}

static _Noreturn void run_child(pid_t parent, int root,
				const struct outfit *outfit,
				const char *plugin,
				const struct signals *signals, int started)
{
	die_with_parent(parent);
	if (enter_root(root) < 0 || dup2(outfit->input, STDIN_FILENO) < 0 ||
	    syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		child_fail(started, 0);
	signals_give_back(signals);
	exec_plugin(plugin, outfit->environment);
	child_fail(started, 1);
}

int child_start(int root, const struct outfit *outfit, const char *plugin,
		const struct signals *signals, struct child *ret, struct err *e)
{
	pid_t parent = getpid();
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, DC_CODE_INTERNAL, errno, "pipe2 failed");
	ret->started = ends[0];
	ret->pid = fork();
	if (ret->pid == 0)
		run_child(parent, root, outfit, plugin, signals, ends[1]);
	fd_close(&ends[1]);
	if (ret->pid < 0) {
		fd_close(&ret->started);
		return err_sys(e, DC_CODE_INTERNAL, errno,
			       "raise the limit of processes or memory: fork "
			       "failed");
	}
	return 0;
}
