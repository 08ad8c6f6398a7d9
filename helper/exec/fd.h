/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FD_H
#define FD_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <unistd.h>

/* A descriptor that closes itself at the end of its scope; errno survives. */
#define auto_fd __attribute__((cleanup(fd_close))) int

static inline void fd_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

/* Hands an auto_fd over to somebody else. */
static inline int fd_take(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

/*
 * Which file this is, across descriptors and mount namespaces. Mount ids
 * differ between namespaces; device and inode do not.
 */
struct fd_identity {
	dev_t dev;
	ino_t ino;
};

/* Returns 0, or -1 with errno. */
int fd_identify(int fd, struct fd_identity *ret)
	__attribute__((warn_unused_result));

bool fd_same(const struct fd_identity *a, const struct fd_identity *b);

/*
 * Makes every descriptor above 2 close-on-exec: ours are, those that the
 * caller forgot may not be. Returns 0, or -1 with errno.
 */
int fd_keep_all(void) __attribute__((warn_unused_result));

/* All of it; returns 0, or -1 with errno. */
int fd_write_all(int fd, const char *buf, size_t len)
	__attribute__((warn_unused_result));

/*
 * Writes file 'name' of directory dir, mode 0600, whole or not at all: the file
 * 'new_name' takes its place. What has that name already, left by a process that
 * was killed or planted there, is removed: no two may write at once. Returns 0,
 * or -1 with errno.
 */
int fd_replace(int dir, const char *name, const char *new_name, const char *buf,
	       size_t len) __attribute__((warn_unused_result));

/* Up to the end of the file or of buf; returns how much, or -1 with errno. */
ssize_t fd_read_all(int fd, char *buf, size_t size)
	__attribute__((warn_unused_result));

/* A directory's names, read without memory of its own: opendir(3) takes some. */
struct fd_list {
	int fd;
	size_t at, len;
	_Alignas(8) char buf[1024];
};

/* Of an open directory, which stays the caller's to close, from where it is. */
void fd_list_begin(struct fd_list *l, int fd);

/* The next name but "." and ".."; NULL with errno, which is 0 at the end. */
const char *fd_list_next(struct fd_list *l);

#endif
