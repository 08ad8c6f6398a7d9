/* SPDX-License-Identifier: Apache-2.0 */
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

int ruledir_current(const struct ruledir *d,
		    char ret[DC_STORE_GENERATION_MAX + 1], struct err *e)
{
	char target[DC_STORE_GENERATION_MAX + 1];
	ssize_t n = readlinkat(d->data, DC_STORE_CURRENT_NAME, target,
			       sizeof(target));
	struct stat st = { 0 };

	ret[0] = '\0';
	if (n < 0 && errno == ENOENT)
		return 1;
	if (n < 0 && errno != EINVAL) /* EINVAL: it is no link */
		return ruledir_fail(e, DC_STORE_CURRENT_NAME);
	if (!storemeta_is_generation(target, (size_t)n))
		return 0;
	target[n] = '\0';
	if (fstatat(d->data, target, &st, AT_SYMLINK_NOFOLLOW) < 0 &&
	    errno != ENOENT)
		return ruledir_fail(e, target);
	if (S_ISDIR(st.st_mode))
		memcpy(ret, target, (size_t)n + 1);
	return 0;
}

void ruledir_meta_name(const char *generation, char ret[RULEDIR_META_SIZE])
{
	snprintf(ret, RULEDIR_META_SIZE, "%s" DC_STORE_META_SUFFIX,
		 generation);
}

/* Whether a name is to stay: 1, 0, or -1 where it cannot be looked at. */
typedef int belongs_fn(const struct ruledir *d, const char *name,
		       const char *current);

/* Whether name is the link to the current generation's file of that name. */
static int is_live_link(const struct ruledir *d, const char *name)
{
	char wanted[LINK_SIZE], target[LINK_SIZE];
	ssize_t n = readlinkat(d->data, name, target, sizeof(target));
	struct stat st = { 0 };
	int len = snprintf(wanted, sizeof(wanted),
			   DC_STORE_CURRENT_NAME "/%s", name);

	if (n < 0 && errno != EINVAL)
		return -1;
	if (n != len || memcmp(target, wanted, (size_t)n))
		return 0;
	if (fstatat(d->data, wanted, &st, AT_SYMLINK_NOFOLLOW) < 0 &&
	    errno != ENOENT)
		return -1;
	return S_ISREG(st.st_mode);
}

static int belongs_in_data(const struct ruledir *d, const char *name,
			   const char *current)
{
	if (!*current)
		return 0;
	if (!strcmp(name, DC_STORE_CURRENT_NAME) || !strcmp(name, current))
		return 1;
	return is_live_link(d, name);
}

static int belongs_in_meta(const struct ruledir *d, const char *name,
			   const char *current)
{
	char meta[RULEDIR_META_SIZE];

	(void)d;
	ruledir_meta_name(current, meta);
	return !strcmp(name, DC_STORE_ERROR_NAME) || !strcmp(name, meta);
}

static int belongs_nowhere(const struct ruledir *d, const char *name,
			   const char *current)
{
	(void)d;
	(void)name;
	(void)current;
	return 0;
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

static int clear_one(const struct ruledir *d, int at, const char *name,
		     belongs_fn *belongs, const char *current)
{
	int stays = belongs(d, name, current);

	if (stays < 0)
		return -1;
	return stays ? 0 : remove_one(d, at, name);
}

/* Removes from a directory what does not belong there. */
static int clear(const struct ruledir *d, int at, const char *dir,
		 belongs_fn *belongs, const char *current)
{
	auto_fd fd = openat(at, dir,
			    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct fd_list list;
	const char *name;
	int failed = 0;

	if (fd < 0)
		return -1;
	fd_list_begin(&list, fd);
	while (!failed && (name = fd_list_next(&list)))
		failed = clear_one(d, fd, name, belongs, current);
	return failed || errno ? -1 : 0;
}

int ruledir_tidy(const struct ruledir *d, struct err *e)
{
	char current[DC_STORE_GENERATION_MAX + 1];

	if (ruledir_current(d, current, e) < 0)
		return -1;
	if (clear(d, d->data, ".", belongs_in_data, current) < 0 ||
	    clear(d, d->meta, ".", belongs_in_meta, current) < 0)
		return ruledir_fail(e, "what is old could not be removed");
	return 0;
}
