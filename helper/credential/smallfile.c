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

/* One byte more than allowed is asked for: so a file that grows is seen. */
static int read_all(int fd, char *buf, size_t size, size_t *ret_len)
{
	*ret_len = 0;
	while (*ret_len < size) {
		ssize_t n = read(fd, buf + *ret_len, size - *ret_len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			return 0;
		*ret_len += (size_t)n;
	}
	return fail(EFBIG);
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

	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	if (!S_ISREG(st.st_mode))
		return fail(EINVAL);
	if (st.st_size > (off_t)max)
		return fail(EFBIG);
	size = (size_t)st.st_size + 1;
	buf = wipe_malloc(size);
	if (!buf || read_all(fd, buf, size, ret_len) < 0)
		return -1;
	buf[*ret_len] = '\0';
	*ret = buf;
	buf = NULL;
	return 0;
}
