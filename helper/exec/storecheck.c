/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "fd.h"
#include "storecheck.h"

/* What a file of the store may be. */
struct kind {
	mode_t type;
	mode_t forbidden; /* bits of the mode */
	off_t max;
};

static const struct kind directory = { S_IFDIR, S_IWGRP | S_IWOTH, 0 };
static const struct kind link_to = { S_IFLNK, 0, 0 };
static const struct kind file = { S_IFREG, 07777 & ~0440, DC_STORE_FILE_MAX };
static const struct kind token = { S_IFREG, 07777 & ~0440, DC_STORE_TOKEN_MAX };
static const struct kind metadata = { S_IFREG, 07777 & ~0644,
				      DC_STORE_META_MAX };

/*
 * The name is the writer's choice, and the message goes to logs and events. Good
 * until the next call.
 */
static const char *printable(const char *name)
{
	static char ret[DC_STORE_NAME_MAX + 1];

	snprintf(ret, sizeof(ret), "%s", name);
	for (char *p = ret; *p; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	return ret;
}

static int refuse(const struct storefile *s, const char *name, const char *what,
		  struct err *e)
{
	return err_set(e, DC_CODE_TRY_AGAIN,
		       "repair the store of rule '%s': '%s' %s", s->rule->name,
		       printable(name), what);
}

#define WALK (O_PATH | O_DIRECTORY | O_CLOEXEC)

int storecheck_walk(const char *path, const char *rule)
{
	auto_fd store = open(path, WALK);

	return store < 0 ? -1 : openat(store, rule, WALK | O_NOFOLLOW);
}

int storecheck_reopen(const struct storefile *s)
{
	auto_fd rule = storecheck_walk(s->path, s->rule->name);

	return rule < 0 ? -1 : openat(rule, DC_STORE_DATA_NAME,
				      WALK | O_NOFOLLOW);
}

static int is_absent(struct err *e)
{
	e->code = 0;
	return -1;
}

/* What is missing may come; other reasons do not go away. */
static int call_failed(const struct storefile *s, const char *name,
		       struct err *e)
{
	if (errno == ENOENT)
		return is_absent(e);
	if (err_is_forbidden(errno))
		return err_call_on(e, errno,
				   "openat(2), fstat(2), fstatat(2), "
				   "readlinkat(2), read(2) and getdents64",
				   printable(name));
	return refuse(s, name, err_errno_text(errno), e);
}

/* What is wrong with it, or NULL. */
static const char *fault_of(const struct storefile *s, const struct kind *k,
			    const struct stat *st)
{
	if ((st->st_mode & S_IFMT) != k->type)
		return "is of another type than it must be";
	if (st->st_uid != DC_STORE_UID)
		return "has another owner than it must have";
	if (st->st_dev != s->dev)
		return "is on another file system";
	if (st->st_mode & 07777 & k->forbidden)
		return "has a mode that is too wide";
	if (k->type != S_IFREG)
		return NULL;
	if (st->st_nlink != 1)
		return "has another name elsewhere";
	if (st->st_size > k->max)
		return "is too large";
	return NULL;
}

static int judge(const struct storefile *s, const struct kind *k,
		 const struct stat *st, const char *name, struct err *e)
{
	const char *fault = fault_of(s, k, st);

	return fault ? refuse(s, name, fault, e) : 0;
}

static int check(const struct storefile *s, const struct kind *k, int dir,
		 const char *name, struct err *e)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return call_failed(s, name, e);
	return judge(s, k, &st, name, e);
}

int storecheck_open(const struct storefile *s, int dir, const char *name,
		    struct err *e)
{
	auto_fd fd = openat(dir, name,
			    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return call_failed(s, name, e);
	if (judge(s, &directory, &st, name, e) < 0)
		return -1;
	return fd_take(&fd);
}

/* A link's target; one that is too long is cut, and then does not match. */
static int read_link(const struct storefile *s, const char *name, char *ret,
		     size_t size, struct err *e)
{
	ssize_t len;

	if (check(s, &link_to, s->data, name, e) < 0)
		return -1;
	len = readlinkat(s->data, name, ret, size - 1);
	if (len < 0)
		return call_failed(s, name, e);
	ret[len] = '\0';
	return 0;
}

/* The target has one more byte of room than a generation's name may have. */
static int read_generation(const struct storefile *s, const char *name,
			   char ret[DC_STORE_GENERATION_MAX + 2], struct err *e)
{
	if (read_link(s, name, ret, DC_STORE_GENERATION_MAX + 2, e) < 0)
		return -1;
	if (!storemeta_is_generation(ret, strlen(ret)))
		return refuse(s, name, "leads elsewhere", e);
	return 0;
}

int storecheck_current(const struct storefile *s,
		       char ret[DC_STORE_GENERATION_MAX + 1], struct err *e)
{
	char to[DC_STORE_GENERATION_MAX + 2];

	if (read_generation(s, DC_STORE_CURRENT_NAME, to, e) < 0)
		return -1;
	memcpy(ret, to, DC_STORE_GENERATION_MAX + 1);
	return 0;
}

static int check_file_link(const struct storefile *s, const char *name,
			   struct err *e)
{
	const size_t before = strlen(DC_STORE_CURRENT_NAME "/");
	char to[sizeof(DC_STORE_CURRENT_NAME "/") + DC_STORE_NAME_MAX + 1];

	if (read_link(s, name, to, sizeof(to), e) < 0)
		return -1;
	if (strncmp(to, DC_STORE_CURRENT_NAME "/", before) != 0 ||
	    strcmp(to + before, name) != 0)
		return refuse(s, name, "leads elsewhere", e);
	return 0;
}

typedef int entry_fn(const struct storefile *s, int dir, const char *name,
		     struct err *e);

static int check_data_entry(const struct storefile *s, int dir,
			    const char *name, struct err *e)
{
	char to[DC_STORE_GENERATION_MAX + 2];

	if (!strcmp(name, DC_STORE_CURRENT_NAME) ||
	    !strcmp(name, DC_STORE_NEXT_NAME))
		return read_generation(s, name, to, e);
	if (storemeta_is_generation(name, strlen(name)))
		return check(s, &directory, dir, name, e);
	if (!storemeta_is_file(name, strlen(name)))
		return refuse(s, name, "does not belong there", e);
	return check_file_link(s, name, e);
}

static bool is_token(const struct storefile *s, const char *name)
{
	const struct config_token *t = config_rule_token(s->rule);

	return t && !strcmp(t->path, name);
}

static int check_file_entry(const struct storefile *s, int dir,
			    const char *name, struct err *e)
{
	if (!storemeta_is_file(name, strlen(name)))
		return refuse(s, name, "does not belong there", e);
	return check(s, is_token(s, name) ? &token : &file, dir, name, e);
}

/* What went away since the list was read need not be judged. */
static int check_entries(const struct storefile *s, int dir, entry_fn *fn,
			 struct err *e)
{
	auto_fd fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct fd_list list;
	const char *name;
	int failed = 0;
	int n = 0;

	if (fd < 0)
		return call_failed(s, ".", e);
	fd_list_begin(&list, fd);
	while (!failed && (name = fd_list_next(&list))) {
		if (++n > DC_STORE_FILES_MAX)
			failed = refuse(s, ".", "has too many files", e);
		else if (fn(s, dir, name, e) < 0 && e->code)
			failed = -1;
	}
	if (!failed && errno)
		failed = call_failed(s, ".", e);
	return failed;
}

int storecheck_data(const struct storefile *s, struct err *e)
{
	return check_entries(s, s->data, check_data_entry, e);
}

/* A file of the rule's: the link that a delegate follows, and its end. */
static int expect_file(const struct storefile *s, int dir, const char *name,
		       struct err *e)
{
	struct stat st;

	if (check_file_link(s, name, e) < 0)
		return -1;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return call_failed(s, name, e);
	if (is_token(s, name) && st.st_size == 0)
		return refuse(s, name, "is empty", e);
	return 0;
}

static int expect_source(const struct storefile *s, int dir,
			 const struct config_source *source, struct err *e)
{
	const struct config_config_map *map = &source->config_map;

	if (source->kind == CONFIG_TOKEN)
		return expect_file(s, dir, source->token.path, e) < 0
			       ? -1
			       : expect_file(s, dir, DC_NAMESPACE_NAME, e);
	for (size_t i = 0; i < map->item_count; i++)
		if (expect_file(s, dir, map->items[i].path, e) < 0)
			return -1;
	return 0;
}

int storecheck_generation(const struct storefile *s, struct err *e)
{
	auto_fd dir = storecheck_open(s, s->data, s->generation, e);

	if (dir < 0 || check_entries(s, dir, check_file_entry, e) < 0)
		return -1;
	for (size_t i = 0; i < s->rule->source_count; i++)
		if (expect_source(s, dir, &s->rule->sources[i], e) < 0)
			return -1;
	return 0;
}

int storecheck_read_meta(const struct storefile *s, const char *name, char *buf,
			 size_t *ret_len, struct err *e)
{
	auto_fd dir = storecheck_open(s, s->dir, DC_STORE_META_NAME, e);
	auto_fd fd = -1;
	struct stat st;
	ssize_t n;

	/* Looked at first: to open some things is to use them. */
	if (dir < 0 || check(s, &metadata, dir, name, e) < 0)
		return -1;
	fd = openat(dir, name,
		    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return call_failed(s, name, e);
	if (judge(s, &metadata, &st, name, e) < 0)
		return -1;
	n = fd_read_all(fd, buf, DC_STORE_META_MAX + 1);
	if (n < 0)
		return call_failed(s, name, e);
	if (n > DC_STORE_META_MAX)
		return refuse(s, name, "is too large", e);
	*ret_len = (size_t)n;
	return 0;
}
