/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "delegate-credentials.h"
#include "fd.h"
#include "rootpath.h"

/* A rename elsewhere on the host makes openat2 ask for another try. */
#define OPEN_TRIES 128

static int open_in(int dir, const char *path, uint64_t flags, uint64_t resolve)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC | flags,
		.resolve = resolve | RESOLVE_NO_MAGICLINKS,
	};
	int fd = -1;

	for (int i = 0; i < OPEN_TRIES && fd < 0; i++) {
		fd = (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
		if (fd < 0 && errno != EAGAIN && errno != EINTR)
			break;
	}
	return fd;
}

static int open_below(int dir, const char *name, uint64_t flags)
{
	return open_in(dir, name, flags, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
}

static int path_failed(struct err *e, const char *path)
{
	return err_sys(e, DC_CODE_UNSAFE_HOST_PATH, errno,
		       "make '%s' of the host a plain directory below /run, "
		       "without links",
		       path);
}

static int make_failed(struct err *e, const char *path)
{
	int why;

	if (errno == ENOSPC || errno == EDQUOT)
		return err_sys(e, DC_CODE_UNSAFE_HOST_PATH, errno,
			       "free space and inodes where /" DC_VAR_RUN
			       " of the host leads: '%s' cannot be made",
			       path);
	/*
	 * A directory that is immutable, or another user's, says the same as a
	 * filter: that one says it of no name, too.
	 */
	why = errno;
	if (err_is_forbidden(why) && mkdirat(AT_FDCWD, "", 0755) < 0 &&
	    errno == why)
		return err_call(e, why, "mkdirat");
	errno = why;
	return path_failed(e, path);
}

static int open_failed(struct err *e, const char *path)
{
	if (err_is_forbidden(errno))
		return err_call(e, errno, "openat2");
	return path_failed(e, path);
}

int rootpath_root(const char *path, struct err *e)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && err_is_forbidden(errno))
		return err_call_on(e, errno, "open", path);
	if (fd < 0)
		return err_sys(e, DC_CODE_UNSAFE_REQUEST, errno,
			       "set chrootDir to a directory that exists: '%s'",
			       path);
	return fd;
}

int rootpath_run(int root, struct err *e)
{
	int fd = open_in(root, DC_VAR_RUN, O_DIRECTORY, RESOLVE_IN_ROOT);

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return err_sys(e, DC_CODE_UNSAFE_HOST_PATH, errno,
			       "link /" DC_VAR_RUN " of the host to /run");
	if (fd < 0)
		return open_failed(e, "/" DC_VAR_RUN);
	return fd;
}

/* Whatever the caller's umask, which is the delegate's too. */
static int make(int dir, const char *name)
{
	mode_t kept = umask(022);
	int failed = mkdirat(dir, name, 0755);

	umask(kept);
	return failed && errno != EEXIST ? -1 : 0;
}

static int open_or_make(int dir, const char *name, bool create,
			bool *ret_missing, struct err *e)
{
	static const char path[] = "/" DC_VAR_RUN "/" DC_SECRETS_DIR;
	int fd = open_below(dir, name, O_DIRECTORY);

	if (fd < 0 && errno == ENOENT && create) {
		if (make(dir, name) < 0)
			return make_failed(e, path);
		fd = open_below(dir, name, O_DIRECTORY);
	}
	*ret_missing = fd < 0 && errno == ENOENT;
	return fd < 0 ? open_failed(e, path) : fd;
}

int rootpath_secrets(int run, bool create, bool *ret_missing, struct err *e)
{
	static const char *const names[] = { DC_SECRETS_NAMES };
	auto_fd fd = -1;

	*ret_missing = false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int next = open_or_make(i ? fd : run, names[i], create,
					ret_missing, e);

		if (next < 0)
			return -1;
		fd_close(&fd);
		fd = next;
	}
	return fd_take(&fd);
}

int rootpath_child(int dir, const char *name, struct err *e)
{
	int fd = open_below(dir, name, 0);

	if (fd < 0)
		return open_failed(e, name);
	return fd;
}

int rootpath_within(int dir, const char *name)
{
	return open_in(dir, name, 0, RESOLVE_BENEATH | RESOLVE_NO_XDEV);
}

static int open_list(int dir, struct fd_list *ret)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	fd_list_begin(ret, fd);
	return fd;
}

/* 1: no entry; 0: some; -1 with errno. */
static int is_empty(int dir)
{
	struct fd_list list;
	auto_fd fd = open_list(dir, &list);

	if (fd < 0)
		return -1;
	if (fd_list_next(&list))
		return 0;
	return errno ? -1 : 1;
}

static int holds_only_empty_account(int dir)
{
	struct fd_list list;
	auto_fd opened = open_list(dir, &list);
	const char *name;
	int only = 1;

	if (opened < 0)
		return -1;
	while (only == 1 && (name = fd_list_next(&list))) {
		auto_fd fd = -1;

		if (strcmp(name, DC_SERVICE_ACCOUNT_NAME)) {
			only = 0;
			break;
		}
		fd = open_below(dir, name, O_DIRECTORY);
		if (fd >= 0)
			only = is_empty(fd);
		else
			only = errno == ENOTDIR || errno == ELOOP ? 0 : -1;
	}
	if (only == 1 && errno)
		only = -1;
	return only;
}

int rootpath_is_free(int dir, bool *ret, struct err *e)
{
	int only = holds_only_empty_account(dir);

	if (only < 0 && err_is_forbidden(errno))
		return err_call(e, errno, "openat(2) and getdents64");
	if (only < 0)
		return err_sys(e, DC_CODE_UNSAFE_HOST_PATH, errno,
			       "leave /" DC_VAR_RUN "/" DC_SECRETS_DIR
			       " of the host alone while a delegate starts");
	*ret = only;
	return 0;
}
