/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wrapper --root=DIR ... PLUGIN: the least that a program in between can do, called
 * as Multus calls it. It makes the copy of the mount namespace, starts the delegate
 * in its root and waits. What multus-delegate-exec costs beyond this is what it
 * does.
 */
#include <sched.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROOT_OPTION "--root="

extern char **environ;

static void become(const char *root, char *plugin)
{
	char *const argv[] = { plugin, NULL };

	if (chroot(root) || chdir("/"))
		_exit(126);
	execve(plugin, argv, environ);
	_exit(127);
}

int main(int argc, char **argv)
{
	int status;
	pid_t pid;

	if (argc < 3 || strncmp(argv[1], ROOT_OPTION, strlen(ROOT_OPTION)) ||
	    unshare(CLONE_NEWNS))
		return 125;
	pid = vfork();
	if (!pid)
		become(argv[1] + strlen(ROOT_OPTION), argv[argc - 1]);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 125;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}
