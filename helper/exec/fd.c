/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "fd.h"

int fd_identify(int fd, struct fd_identity *ret)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -1;
	ret->dev = st.st_dev;
	ret->ino = st.st_ino;
	return 0;
}

bool fd_same(const struct fd_identity *a, const struct fd_identity *b)
{
	return a->dev == b->dev && a->ino == b->ino;
}

int fd_keep_all(void)
{
	int failed = (int)syscall(SYS_close_range, STDERR_FILENO + 1, ~0U,
				  CLOSE_RANGE_CLOEXEC);

	if (failed && errno == EINVAL)
		errno = ENOSYS; /* before 5.11 it only closes */
	return failed;
}

int fd_write_all(int fd, const char *buf, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, buf, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		buf += n;
		len -= (size_t)n;
	}
	return 0;
}

int fd_replace(int dir, const char *name, const char *new_name, const char *buf,
	       size_t len)
{
	auto_fd fd = -1;
	int saved;

	unlinkat(dir, new_name, 0);
	fd = openat(dir, new_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		    0600);
	if (fd < 0 || fd_write_all(fd, buf, len) < 0 ||
	    renameat(dir, new_name, dir, name) < 0) {
		saved = errno;
		unlinkat(dir, new_name, 0);
		errno = saved;
		return -1;
	}
	return 0;
}

ssize_t fd_read_all(int fd, char *buf, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = read(fd, buf + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

void fd_list_begin(struct fd_list *l, int fd)
{
	l->fd = fd;
	l->at = 0;
	l->len = 0;
}

/* False at the end, or with errno. */
static bool fill(struct fd_list *l)
{
	ssize_t n = getdents64(l->fd, (void *)l->buf, sizeof(l->buf));

	if (n < 0 && errno == ENOENT)
		errno = 0; /* it was removed, so nothing is in it */
	if (n <= 0)
		return false;
	l->at = 0;
	l->len = (size_t)n;
	return true;
}

const char *fd_list_next(struct fd_list *l)
{
	const struct dirent64 *entry;

	do {
		errno = 0;
		if (l->at == l->len && !fill(l))
			return NULL;
		entry = (const void *)(l->buf + l->at);
		l->at += entry->d_reclen;
	} while (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."));
	return entry->d_name;
}
