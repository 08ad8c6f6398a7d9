// SPDX-License-Identifier: Apache-2.0
#include "ops.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* mkdir PATH: with its parents. */
static int op_mkdir(char *const *w)
{
	for (char *p = strchr(w[0] + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(w[0], 0755) && errno != EEXIST)
			return -1;
		*p = '/';
	}
	return mkdir(w[0], 0755) && errno != EEXIST ? -1 : 0;
}

/* create PATH: a new file, O_EXCL. */
static int op_create(char *const *w)
{
	int fd = open(w[0], O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);

	return fd < 0 ? -1 : close(fd);
}

/* put PATH TEXT: the file holds TEXT and nothing else. */
static int op_put(char *const *w)
{
	int fd = open(w[0], O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);

	if (fd < 0)
		return -1;
	if (write(fd, w[1], strlen(w[1])) < 0) {
		close(fd);
		return -1;
	}
	return close(fd);
}

/* cat PATH: prints the file and a newline. */
static int op_cat(char *const *w)
{
	int fd = open(w[0], O_RDONLY | O_CLOEXEC);
	char buf[4096];
	ssize_t n;

	if (fd < 0)
		return -1;
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		if (write(STDOUT_FILENO, buf, n) != n)
			break;
	close(fd);
	return n || write(STDOUT_FILENO, "\n", 1) != 1 ? -1 : 0;
}

static int op_link(char *const *w)
{
	return symlink(w[0], w[1]);
}

static int op_rename(char *const *w)
{
	return rename(w[0], w[1]);
}

static int op_rm(char *const *w)
{
	return unlink(w[0]);
}

static int op_rmdir(char *const *w)
{
	return rmdir(w[0]);
}

static int op_chmod(char *const *w)
{
	return chmod(w[0], strtoul(w[1], NULL, 8));
}

/* own PATH UID: its owner; of a link itself. */
static int op_own(char *const *w)
{
	return lchown(w[0], strtoul(w[1], NULL, 10), -1);
}

/* name PATH OTHER: another name for a file. */
static int op_name(char *const *w)
{
	return link(w[0], w[1]);
}

/* size PATH BYTES: with a hole, or cut. */
static int op_size(char *const *w)
{
	return truncate(w[0], strtoul(w[1], NULL, 10));
}

/* mknod PATH TYPE MAJOR:MINOR, a character device that all may use. */
static int op_mknod(char *const *w)
{
	unsigned major, minor;

	if (sscanf(w[1], "%u:%u", &major, &minor) != 2) {
		errno = EINVAL;
		return -1;
	}
	if (mknod(w[0], S_IFCHR | 0666, makedev(major, minor)))
		return -1;
	return chmod(w[0], 0666);
}

static int op_mkfifo(char *const *w)
{
	return mkfifo(w[0], 0666);
}

/* dev PATH: prints st_dev. */
static int op_dev(char *const *w)
{
	struct stat st;

	if (stat(w[0], &st))
		return -1;
	dprintf(STDOUT_FILENO, "dev %u:%u\n", major(st.st_dev),
		minor(st.st_dev));
	return 0;
}

/* stat PATH: prints mode and owner, links not followed. */
static int op_stat(char *const *w)
{
	struct stat st;

	if (lstat(w[0], &st))
		return -1;
	dprintf(STDOUT_FILENO, "stat %06o %u:%u\n", st.st_mode, st.st_uid,
		st.st_gid);
	return 0;
}

/* fs PATH: prints the mount's flags and the file system's limits. */
static int op_fs(char *const *w)
{
	struct statvfs v;

	if (statvfs(w[0], &v))
		return -1;
	dprintf(STDOUT_FILENO, "fs%s%s%s%s bytes=%llu inodes=%llu\n",
		v.f_flag & ST_RDONLY ? " ro" : "",
		v.f_flag & ST_NODEV ? " nodev" : "",
		v.f_flag & ST_NOEXEC ? " noexec" : "",
		v.f_flag & ST_NOSUID ? " nosuid" : "",
		(unsigned long long)v.f_blocks * v.f_frsize,
		(unsigned long long)v.f_files);
	return 0;
}

static int not_dot(const struct dirent *d)
{
	return strcmp(d->d_name, ".") && strcmp(d->d_name, "..");
}

/* ls PATH: prints the names, sorted. */
static int op_ls(char *const *w)
{
	struct dirent **name;
	int n = scandir(w[0], &name, not_dot, alphasort);

	if (n < 0)
		return -1;
	dprintf(STDOUT_FILENO, "ls");
	for (int i = 0; i < n; i++) {
		dprintf(STDOUT_FILENO, " %s", name[i]->d_name);
		free(name[i]);
	}
	free(name);
	dprintf(STDOUT_FILENO, "\n");
	return 0;
}

static void tree(const char *path)
{
	struct dirent **name;
	int n = scandir(path, &name, not_dot, alphasort);
	char sub[4096];

	for (int i = 0; i < n; i++) {
		snprintf(sub, sizeof(sub), "%s/%s", path, name[i]->d_name);
		dprintf(STDOUT_FILENO, "%s%s\n", sub,
			name[i]->d_type == DT_DIR ? "/" : "");
		if (name[i]->d_type == DT_DIR)
			tree(sub);
		free(name[i]);
	}
	if (n >= 0)
		free(name);
}

/* tree PATH: prints everything beneath, one path a line. */
static int op_tree(char *const *w)
{
	tree(w[0]);
	return 0;
}

/* open PATH FLAGS N: as descriptor N, kept open; FLAGS r or w. */
static int op_open(char *const *w)
{
	int fd = open(w[0], w[1][0] == 'w' ? O_WRONLY : O_RDONLY);
	int want = atoi(w[2]);

	if (fd < 0)
		return -1;
	if (fd == want)
		return 0;
	if (dup2(fd, want) < 0)
		return -1;
	return close(fd);
}

/* execute PATH: prints why it does not start, for noexec. */
static int op_execute(char *const *w)
{
	char *argv[] = { w[0], NULL };

	return execv(w[0], argv);
}

const struct op ops_file[] = {
	{ "mkdir", 1, op_mkdir },     { "create", 1, op_create },
	{ "put", 2, op_put },	      { "cat", 1, op_cat },
	{ "link", 2, op_link },	      { "rename", 2, op_rename },
	{ "rm", 1, op_rm },	      { "rmdir", 1, op_rmdir },
	{ "chmod", 2, op_chmod },     { "mknod", 2, op_mknod },
	{ "mkfifo", 1, op_mkfifo },   { "dev", 1, op_dev },
	{ "stat", 1, op_stat },	      { "fs", 1, op_fs },
	{ "ls", 1, op_ls },	      { "tree", 1, op_tree },
	{ "open", 3, op_open },	      { "execute", 1, op_execute },
	{ "own", 2, op_own },	      { "name", 2, op_name },
	{ "size", 2, op_size },
	{ NULL, 0, NULL },
};
