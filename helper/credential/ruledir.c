/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../exec/fd.h"
#include "ruledir.h"

#define LINK_SIZE (sizeof(DC_STORE_CURRENT_NAME "/") + DC_STORE_NAME_MAX)

int ruledir_fail(struct err *e, const char *what)
{
	return err_sys(e, DC_CODE_INTERNAL, errno,
		       "look at the store: its room, its owner, its mode: %s",
		       what);
}

/* What others can write is not to be built on. */
static int is_ours(int fd, const char *name, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return ruledir_fail(e, name);
	if (st.st_uid != geteuid() || (st.st_mode & 022))
		return err_set(e, DC_CODE_INTERNAL,
			       "empty the store: '%s' in it is not this "
			       "program's own", name);
	return 0;
}

static int open_one(int at, const char *name, bool make, int *ret,
		    struct err *e)
{
	if (make && mkdirat(at, name, 0700) < 0 && errno != EEXIST)
		return ruledir_fail(e, name);
	*ret = openat(at, name,
		      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*ret >= 0)
		return make ? is_ours(*ret, name, e) : 0;
	return errno == ENOENT && !make ? 1 : ruledir_fail(e, name);
}

int ruledir_open(const struct store *s, const char *rule, bool make,
		  struct ruledir *ret, struct err *e)
{
	int failed;

	*ret = (struct ruledir)RULEDIR_INIT;
	if (!storemeta_is_file(rule, strlen(rule)))
		return err_set(e, DC_CODE_CONFIG, "correct the rule's name");
	failed = open_one(s->fd, rule, make, &ret->rule, e);
	if (!failed)
		failed = open_one(ret->rule, DC_STORE_DATA_NAME, make,
				  &ret->data, e);
	if (!failed)
		failed = open_one(ret->rule, DC_STORE_META_NAME, make,
				  &ret->meta, e);
	return failed;
}

void ruledir_close(struct ruledir *d)
{
	fd_close(&d->meta);
	fd_close(&d->data);
	fd_close(&d->rule);
}

void ruledir_current(const struct ruledir *d,
		      char ret[DC_STORE_GENERATION_MAX + 1])
{
	ssize_t n = readlinkat(d->data, DC_STORE_CURRENT_NAME, ret,
			       DC_STORE_GENERATION_MAX + 1);
	struct stat st;

	if (n < 0 || n > DC_STORE_GENERATION_MAX ||
	    !storemeta_is_generation(ret, (size_t)n))
		n = 0;
	ret[n] = '\0';
	if (n > 0 && (fstatat(d->data, ret, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		      !S_ISDIR(st.st_mode)))
		ret[0] = '\0';
}

void ruledir_meta_name(const char *generation, char ret[RULEDIR_META_SIZE])
{
	snprintf(ret, RULEDIR_META_SIZE, "%s" DC_STORE_META_SUFFIX,
		 generation);
}

/* Whether name is the link to the current generation's file of that name. */
static bool is_live_link(const struct ruledir *d, const char *name)
{
	char wanted[LINK_SIZE], target[LINK_SIZE];
	ssize_t n = readlinkat(d->data, name, target, sizeof(target));
	struct stat st;
	int len = snprintf(wanted, sizeof(wanted),
			   DC_STORE_CURRENT_NAME "/%s", name);

	return n == len && !memcmp(target, wanted, (size_t)n) &&
	       fstatat(d->data, wanted, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(st.st_mode);
}

static bool belongs_in_data(const struct ruledir *d, const char *name,
			    const char *current)
{
	if (!*current)
		return false;
	return !strcmp(name, DC_STORE_CURRENT_NAME) ||
	       !strcmp(name, current) || is_live_link(d, name);
}

static bool belongs_in_meta(const struct ruledir *d, const char *name,
			    const char *current)
{
	char meta[RULEDIR_META_SIZE];

	(void)d;
	ruledir_meta_name(current, meta);
	return !strcmp(name, DC_STORE_ERROR_NAME) || !strcmp(name, meta);
}

typedef bool belongs_fn(const struct ruledir *d, const char *name,
			const char *current);

static bool belongs_nowhere(const struct ruledir *d, const char *name,
			    const char *current)
{
	(void)d;
	(void)name;
	(void)current;
	return false;
}

static int clear(const struct ruledir *d, int at, const char *dir,
		 belongs_fn *belongs, const char *current);

/* A generation holds files only; nothing deeper is ever made. */
static int remove_one(const struct ruledir *d, int at, const char *name)
{
	if (unlinkat(at, name, 0) == 0)
		return 0;
	if (errno != EISDIR || clear(d, at, name, belongs_nowhere, "") < 0)
		return -1;
	return unlinkat(at, name, AT_REMOVEDIR);
}

/* Removes from a directory what does not belong there. */
static int clear(const struct ruledir *d, int at, const char *dir,
		 belongs_fn *belongs, const char *current)
{
	int fd = openat(at, dir,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const char *name;
	int failed = 0;

	if (!stream) {
		fd_close(&fd);
		return -1;
	}
	while (!failed && (name = fd_list_next(stream)))
		if (!belongs(d, name, current))
			failed = remove_one(d, fd, name);
	closedir(stream);
	return failed;
}

int ruledir_tidy(const struct ruledir *d, struct err *e)
{
	char current[DC_STORE_GENERATION_MAX + 1];

	ruledir_current(d, current);
	if (clear(d, d->data, ".", belongs_in_data, current) < 0 ||
	    clear(d, d->meta, ".", belongs_in_meta, current) < 0)
		return ruledir_fail(e, "what is old could not be removed");
	return 0;
}
