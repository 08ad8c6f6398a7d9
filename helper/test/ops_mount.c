// SPDX-License-Identifier: Apache-2.0
#include "ops.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

static int op_tmpfs(char *const *w)
{
	return mount("tmpfs", w[0], "tmpfs", 0, "mode=755");
}

static int op_bind(char *const *w)
{
	return mount(w[0], w[1], NULL, MS_BIND, NULL);
}

static int op_rbind(char *const *w)
{
	return mount(w[0], w[1], NULL, MS_BIND | MS_REC, NULL);
}

static int op_proc(char *const *w)
{
	return mount("proc", w[0], "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC,
		     NULL);
}

static int op_move(char *const *w)
{
	return mount(w[0], w[1], NULL, MS_MOVE, NULL);
}

static int op_umount(char *const *w)
{
	return umount2(w[0], 0);
}

/* detach PATH: a lazy umount. */
static int op_detach(char *const *w)
{
	return umount2(w[0], MNT_DETACH);
}

static int op_remount(char *const *w)
{
	unsigned long flags = MS_REMOUNT | MS_BIND;

	return mount(NULL, w[0], NULL, flags | (!strcmp(w[1], "ro") ? MS_RDONLY
								     : 0),
		     NULL);
}

static const struct {
	const char *word;
	unsigned long flags;
} propagations[] = {
	{ "private", MS_PRIVATE },
	{ "rprivate", MS_PRIVATE | MS_REC },
	{ "slave", MS_SLAVE },
	{ "rslave", MS_SLAVE | MS_REC },
	{ "shared", MS_SHARED },
	{ "rshared", MS_SHARED | MS_REC },
};

/* make WORD PATH, as in mount --make-WORD. */
static int op_make(char *const *w)
{
	for (size_t i = 0; i < sizeof(propagations) / sizeof(propagations[0]);
	     i++)
		if (!strcmp(propagations[i].word, w[0]))
			return mount(NULL, w[1], NULL, propagations[i].flags,
				     NULL);
	errno = EINVAL;
	return -1;
}

static int op_unshare(char *const *w)
{
	(void)w;
	return unshare(CLONE_NEWNS);
}

static void show_line(char *line, const char *want)
{
	char point[1024];

	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%*d %*d %*s %*s %1023s", point) == 1 &&
	    (!strcmp(want, "*") || !strcmp(point, want)))
		dprintf(STDOUT_FILENO, "mount %s\n", line);
}

/* mounts PATH: prints the lines of mountinfo for PATH, or all for "*". */
static int op_mounts(char *const *w)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[4096];

	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f))
		show_line(line, w[0]);
	fclose(f);
	return 0;
}

/* netns PATH: a new network namespace bound there, as `ip netns add` does. */
static int op_netns(char *const *w)
{
	int fd = open(w[0], O_CREAT | O_EXCL | O_RDONLY | O_CLOEXEC, 0);
	int status;
	pid_t pid;

	if (fd < 0)
		return -1;
	close(fd);
	pid = fork();
	if (!pid)
		_exit(unshare(CLONE_NEWNET) ||
		      mount("/proc/self/ns/net", w[0], NULL, MS_BIND, NULL));
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -1;
	errno = EIO;
	return status ? -1 : 0;
}

const struct op ops_mount[] = {
	{ "tmpfs", 1, op_tmpfs },   { "bind", 2, op_bind },
	{ "rbind", 2, op_rbind },
	{ "proc", 1, op_proc },	    { "move", 2, op_move },
	{ "umount", 1, op_umount }, { "detach", 1, op_detach },
	{ "remount", 2, op_remount }, { "make", 2, op_make },
	{ "unshare", 0, op_unshare }, { "mounts", 1, op_mounts },
	{ "netns", 1, op_netns },   { NULL, 0, NULL },
};
