/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "delegate-credentials.h"
#include "configfile.h"
#include "fd.h"
#include "statedir.h"

/* One name is enough: who writes it holds the lock. */
#define NEW_NAME DC_LAST_GOOD_NAME ".new"

/* A file's bytes; buf is malloc's, or NULL where they could not be read. */
struct text {
	char *buf;
	size_t len;
};

static int check_file(const char *path, const struct stat *st, struct err *e)
{
	if (!S_ISREG(st->st_mode))
		return err_set(e, DC_CODE_CONFIG,
			       "make the configuration '%s' a regular file",
			       path);
	if (st->st_uid != 0 || (st->st_mode & (S_IWGRP | S_IWOTH)))
		return err_set(e, DC_CODE_CONFIG,
			       "let the configuration '%s' be root's, and "
			       "nobody else's to write",
			       path);
	if (st->st_size > (off_t)CONFIG_MAX_BYTES)
		return err_set(e, DC_CODE_CONFIG,
			       "make the configuration '%s' shorter: at most "
			       "%d bytes are read",
			       path, CONFIG_MAX_BYTES);
	return 0;
}

static void read_failed(const char *path, struct err *e)
{
	if (errno == ENOMEM || errno == EMFILE || errno == ENFILE)
		err_sys(e, DC_CODE_INTERNAL, errno,
			"allow more memory and open files: the configuration "
			"'%s' cannot be read",
			path);
	else if (err_is_forbidden(errno))
		err_call_on(e, errno, "openat(2), fstat(2) and read", path);
	else
		err_sys(e, DC_CODE_CONFIG, errno,
			"mount the configuration at '%s' in the caller's "
			"container",
			path);
}

static struct text read_text(int fd, const char *path, size_t size,
			     struct err *e)
{
	struct text text = { malloc(size + 1), 0 };
	ssize_t n = text.buf ? fd_read_all(fd, text.buf, size + 1) : -1;

	if (n >= 0 && (size_t)n <= size) {
		text.len = (size_t)n;
		return text;
	}
	if (n > 0)
		errno = EAGAIN; /* it is longer than a moment ago */
	read_failed(path, e);
	free(text.buf);
	text.buf = NULL;
	return text;
}

/* A pipe in the file's place must not keep us waiting. */
static struct text read_file(int dir, const char *path, int flags,
			     struct err *e)
{
	const struct text none = { NULL, 0 };
	auto_fd fd = openat(dir, path,
			    O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC |
				    flags);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		read_failed(path, e);
		return none;
	}
	if (check_file(path, &st, e) < 0)
		return none;
	return read_text(fd, path, (size_t)st.st_size, e);
}

static int decode(const char *path, const struct text *t, struct config *ret,
		  struct err *e)
{
	/* Static for its size: untouched while there are no mistakes. */
	static struct config_mistakes mistakes;

	mistakes.count = 0;
	if (config_decode(t->buf, t->len, ret, &mistakes) == 0)
		return 0;
	return config_mistakes_err(path, &mistakes, e);
}

static bool is_kept(const struct text *t)
{
	struct err e = ERR_INIT;
	auto_fd dir = statedir_open(&e);
	struct text kept = { NULL, 0 };
	bool same;

	if (dir >= 0)
		kept = read_file(dir, DC_LAST_GOOD_NAME, O_NOFOLLOW, &e);
	same = kept.buf && kept.len == t->len &&
	       !memcmp(kept.buf, t->buf, t->len);
	free(kept.buf);
	return same;
}

static int replace(int dir, const struct text *t, struct err *e)
{
	if (fd_replace(dir, DC_LAST_GOOD_NAME, NEW_NAME, t->buf, t->len) == 0)
		return 0;
	if (errno == ENOSPC || errno == EDQUOT)
		return err_sys(e, DC_CODE_INTERNAL, errno,
			       "give " DC_STATE_DIR " of the caller's "
			       "container room for the configuration");
	return err_call_on(e, errno, "openat(2), write(2) and renameat",
			   DC_STATE_DIR "/" NEW_NAME);
}

/*
 * Reads it again under the lock, for what is used has to be what is kept: it may
 * have changed while this run waited, and another have kept a newer one.
 */
static int read_and_keep(const char *path, struct text *t, struct config *ret,
			 struct report *r, struct err *e)
{
	struct err why = ERR_INIT;
	auto_fd dir = statedir_open(&why);
	auto_fd lock = dir < 0 ? -1 : statedir_lock(dir, &why);

	if (lock >= 0) {
		free(t->buf);
		*t = read_file(AT_FDCWD, path, 0, e);
		config_free(ret);
		if (!t->buf || decode(path, t, ret, e) < 0)
			return -1;
	}
	if (lock < 0 || replace(dir, t, &why) < 0)
		report_fallback(r, "the configuration could not be kept: %s",
				why.msg);
	return 0;
}

static int read_current(const char *path, struct config *ret, struct report *r,
			struct err *e)
{
	struct text text = read_file(AT_FDCWD, path, 0, e);
	int failed;

	if (!text.buf)
		return -1;
	failed = decode(path, &text, ret, e);
	if (!failed && !is_kept(&text))
		failed = read_and_keep(path, &text, ret, r, e);
	free(text.buf);
	return failed;
}

static int read_kept(struct config *ret)
{
	struct err e = ERR_INIT;
	auto_fd dir = statedir_open(&e);
	struct text text = { NULL, 0 };
	int failed;

	if (dir >= 0)
		text = read_file(dir, DC_LAST_GOOD_NAME, O_NOFOLLOW, &e);
	if (!text.buf)
		return -1;
	failed = decode(DC_LAST_GOOD_NAME, &text, ret, &e);
	free(text.buf);
	return failed;
}

int configfile_read(const char *path, struct config *ret, struct report *r,
		    struct err *e)
{
	struct err why = ERR_INIT;

	if (read_current(path, ret, r, &why) == 0)
		return 0;
	/* Else what is in force would depend on the limits of a process. */
	if (why.code == DC_CODE_INTERNAL || read_kept(ret) < 0)
		return err_set(e, why.code, "%s", why.msg);
	report_fallback(r, "used the last good configuration: %s", why.msg);
	return 0;
}
