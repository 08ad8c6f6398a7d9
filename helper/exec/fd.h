/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FD_H
#define FD_H

#include <errno.h>
#include <stdbool.h>
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

#endif
