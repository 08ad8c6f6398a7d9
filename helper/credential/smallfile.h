/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMALLFILE_H
#define SMALLFILE_H

#include <stddef.h>

/*
 * Reads a regular file of at most max bytes, anew each time. dir_fd is as for
 * openat(2); flags are added to its own. ret has a NUL behind it and is the
 * caller's to wipe_free. -1 with errno: EFBIG where it is larger or grows,
 * EINVAL where it is not a regular file.
 */
int smallfile_read(int dir_fd, const char *path, int flags, size_t max,
		   char **ret, size_t *ret_len)
	__attribute__((warn_unused_result));

#endif
