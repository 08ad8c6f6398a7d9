/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../exec/fd.h"
#include "smallfile.h"
#include "wipe.h"

static int fail(int errnum)
{
	errno = errnum;
	return -1;
}

int smallfile_read(int dir_fd, const char *path, int flags, size_t max,
		   char **ret, size_t *ret_len)
{
	auto_fd fd = openat(dir_fd, path,
			    O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY |
				    flags);
	auto_wipe buf = NULL;
	struct stat st;
	size_t size;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	if (!S_ISREG(st.st_mode))
		return fail(EINVAL);
	if (st.st_size > (off_t)max)
		return fail(EFBIG);
	size = (size_t)st.st_size + 1;
	buf = wipe_malloc(size);
	/* One byte more than allowed is asked for: so a file that grows is seen. */
	n = buf ? fd_read_all(fd, buf, size) : -1;
	if (n < 0)
		return -1;
	if ((size_t)n == size)
		return fail(EFBIG);
	*ret_len = (size_t)n;
	buf[n] = '\0';
	*ret = buf;
	buf = NULL;
	return 0;
}
