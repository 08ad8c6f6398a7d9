/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STATX_H
#define STATX_H

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* musl has struct statx and the call only since 1.2.5. */
#ifndef STATX_TYPE
#include <linux/stat.h>
#endif

/* Of what is open as fd. Returns 0, or -1 with errno. */
static inline int statx_fd(int fd, unsigned int mask, struct statx *ret)
{
	return (int)syscall(SYS_statx, fd, "",
			    AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW, mask, ret);
}

#endif
