/* SPDX-License-Identifier: Apache-2.0 */
#include "storedir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../common/name.h"
#include "../exec/fd.h"
#include "delegate-credentials.h"

#define DEPTH 3 /* RULE/data/GENERATION/ */

#define RULE_FMT "%.63s"

static bool is_rule(int store, const char *name)
{
	char lock[NAME_LABEL_MAX + sizeof("/" DC_STORE_LOCK_NAME)];
	struct stat st;

	if (!name_is_label(name, strlen(name)))
		return false;
	snprintf(lock, sizeof(lock), RULE_FMT "/" DC_STORE_LOCK_NAME, name);
	return fstatat(store, lock, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(st.st_mode);
}

static int open_dir(int at, const char *name, struct fd_list *ret)
{
	int fd = openat(at, name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	fd_list_begin(ret, fd);
	return fd;
}

static int add(struct storedir *d, const char *name)
{
	char **rules = realloc(d->rules, (d->count + 1) * sizeof(*rules));

	if (rules == NULL)
		return -1;
	d->rules = rules;
	rules[d->count] = strdup(name);
	if (rules[d->count] == NULL)
		return -1;
	d->count++;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int storedir_list(const struct store *s, struct storedir *ret, struct err *e)
{
	struct fd_list list;
	auto_fd fd = open_dir(s->fd, ".", &list);
	const char *name;
	int failed = 0;

	memset(ret, 0, sizeof(*ret));
	if (fd < 0)
		return err_sys(e, DC_CODE_INTERNAL, errno, "list the store");
	while (!failed && (name = fd_list_next(&list)) != NULL)
		if (is_rule(s->fd, name))
			failed = add(ret, name);
	if (failed || errno) {
		err_sys(e, DC_CODE_INTERNAL, errno, "list the store");
		storedir_free(ret);
		return -1;
	}
	if (ret->count > 0)
		qsort(ret->rules, ret->count, sizeof(*ret->rules), by_name);
	return 0;
}

void storedir_free(struct storedir *d)
{
	for (size_t i = 0; i < d->count; i++)
		free(d->rules[i]);
	free(d->rules);
	memset(d, 0, sizeof(*d));
}

static int remove_tree(int at, const char *name, int depth);

static int remove_entries(struct fd_list *l, int depth)
{
	const char *name;

	while ((name = fd_list_next(l)) != NULL) {
		if (unlinkat(l->fd, name, 0) == 0)
			continue;
		if (errno != EISDIR || depth == 0 ||
		    remove_tree(l->fd, name, depth - 1) < 0)
			return -1;
	}
	return errno ? -1 : 0;
}

/* Never through a link, and no deeper than a rule's place is. */
static int remove_tree(int at, const char *name, int depth)
{
	struct fd_list list;
	auto_fd fd = open_dir(at, name, &list);

	if (fd < 0 || remove_entries(&list, depth) < 0)
		return -1;
	return unlinkat(at, name, AT_REMOVEDIR);
}

static int remove_part(const struct store *s, const char *rule,
		       const char *part)
{
	char name[NAME_LABEL_MAX + sizeof("/data")];

	snprintf(name, sizeof(name), RULE_FMT "/%.4s", rule, part);
	if (remove_tree(s->fd, name, DEPTH - 2) < 0 && errno != ENOENT)
		return -1;
	return 0;
}

int storedir_remove(const struct store *s, const char *rule, struct err *e)
{
	char current[NAME_LABEL_MAX + sizeof("/data/" DC_STORE_CURRENT_NAME)];
	auto_fd lock = -1;

	if (store_lock(s, rule, false, &lock, e) < 0)
		return -1;
	/* First of all, so that nobody finds half of it. */
	snprintf(current, sizeof(current),
		 RULE_FMT "/" DC_STORE_DATA_NAME "/" DC_STORE_CURRENT_NAME,
		 rule);
	unlinkat(s->fd, current, 0);
	/* The lock goes last: without it nobody would look for the rest. */
	if (remove_part(s, rule, DC_STORE_DATA_NAME) < 0 ||
	    remove_part(s, rule, DC_STORE_META_NAME) < 0 ||
	    remove_tree(s->fd, rule, DEPTH - 1) < 0)
		return err_sys(e, DC_CODE_INTERNAL, errno,
			       "remove the rule %s from the store", rule);
	return 0;
}
