/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/stat.h>

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
