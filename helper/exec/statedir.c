/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "delegate-credentials.h"
#include "fd.h"
#include "statedir.h"

static int failed(struct err *e)
{
	if (err_is_forbidden(errno))
		return err_call(e, errno, "mkdir(2), open(2) and flock");
	return err_sys(e, DC_CODE_INTERNAL, errno,
		       "mount an emptyDir at " DC_STATE_DIR
		       " in the caller's container: no lock can be taken there");
}

static int open_dir(void)
{
	return open(DC_STATE_DIR, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int statedir_open(struct err *e)
{
	int dir = open_dir();

	if (dir < 0 && errno == ENOENT) {
		if (mkdir(DC_STATE_DIR, 0700) < 0 && errno != EEXIST)
			return failed(e);
		dir = open_dir();
	}
	return dir < 0 ? failed(e) : dir;
}

int statedir_lock(int dir, struct err *e)
{
	auto_fd lock = openat(dir, DC_LOCK_NAME,
			      O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (lock < 0 || flock(lock, LOCK_EX) < 0)
		return failed(e);
	return fd_take(&lock);
}
