/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>

#include "fd.h"
#include "storecheck.h"
#include "storefile.h"

/* How often generations may change under our eyes before we give it up. */
#define CHECK_TRIES 4

static int read_meta(struct storefile *s, struct err *e)
{
	char name[DC_STORE_GENERATION_MAX + sizeof(DC_STORE_META_SUFFIX)];
	char text[DC_STORE_META_MAX + 1];
	size_t len;

	snprintf(name, sizeof(name), "%s" DC_STORE_META_SUFFIX, s->generation);
	if (storecheck_read_meta(s, name, text, &len, e) < 0)
		return -1;
	if (storemeta_parse(text, len, &s->meta, e) < 0)
		return err_set(e, e->code,
			       "repair the store of rule '%s': '%s': %s",
			       s->rule->name, name, e->msg);
	if (config_rule_token(s->rule) && !s->meta.expires)
		return err_set(e, DC_CODE_TRY_AGAIN,
			       "repair the store of rule '%s': its token "
			       "never expires",
			       s->rule->name);
	return 0;
}

/* Code 0: it is not there yet, too old by now, or not what is asked for. */
static int check_generation(struct storefile *s, struct err *e)
{
	if (storecheck_data(s, e) < 0 || storecheck_generation(s, e) < 0 ||
	    read_meta(s, e) < 0)
		return -1;
	s->is_other = !storemeta_is_for(&s->meta, config_rule_token(s->rule));
	if (!s->is_other && storemeta_is_valid(&s->meta, time(NULL)))
		return 0;
	e->code = 0;
	return -1;
}

/* Until what was checked is what is current. */
static int check_current(struct storefile *s, struct err *e)
{
	char now[DC_STORE_GENERATION_MAX + 1];

	for (int i = 0; i < CHECK_TRIES; i++) {
		int failed;

		if (storecheck_current(s, s->generation, e) < 0)
			return -1;
		failed = check_generation(s, e);
		if (storecheck_current(s, now, e) < 0)
			return -1;
		if (!strcmp(now, s->generation))
			return failed;
	}
	e->code = 0;
	return -1;
}

/* The volume is the caller's own: it is there from its start or never. */
static int open_store(const char *path, dev_t *ret_dev, struct err *e)
{
	auto_fd fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;
	struct stat st;

	if (fd < 0 || fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0) {
		if (err_is_forbidden(errno))
			return err_call_on(e, errno,
					   "open(2), fstatfs(2) and fstat",
					   path);
		return err_sys(e, DC_CODE_TRY_AGAIN, errno,
			       "mount the store of credentials at '%s' in the "
			       "caller's container",
			       path);
	}
	if (fs.f_type != TMPFS_MAGIC)
		return err_set(e, DC_CODE_TRY_AGAIN,
			       "make the store at '%s' an emptyDir with "
			       "medium: Memory: it is no tmpfs",
			       path);
	*ret_dev = st.st_dev;
	return fd_take(&fd);
}

static int open_rule(struct storefile *s, struct err *e)
{
	auto_fd fd = open_store(s->path, &s->dev, e);

	if (fd < 0)
		return -1;
	s->dir = storecheck_open(s, fd, s->rule->name, e);
	if (s->dir < 0)
		return -1;
	s->data = storecheck_open(s, s->dir, DC_STORE_DATA_NAME, e);
	return s->data < 0 ? -1 : check_current(s, e);
}

static bool read_error(const struct storefile *s, struct storemeta_error *ret)
{
	struct err e = ERR_INIT;
	char text[DC_STORE_META_MAX + 1];
	size_t len;

	return s->dir >= 0 &&
	       storecheck_read_meta(s, DC_STORE_ERROR_NAME, text, &len, &e) ==
		       0 &&
	       storemeta_parse_error(text, len, ret, &e) == 0;
}

static int explain_silence(const struct storefile *s, struct err *e)
{
	if (s->is_other)
		return err_set(e, DC_CODE_TRY_AGAIN,
			       "see whether the program that fills the store "
			       "runs: its '%s" DC_STORE_META_SUFFIX "' is for "
			       "another account or audience than rule '%s'",
			       s->generation, s->rule->name);
	return err_set(e, DC_CODE_TRY_AGAIN,
		       "see whether the program that fills the store "
		       "runs: it has no valid credential for rule '%s'",
		       s->rule->name);
}

/*
 * Why there is none, in the words of the one who tried to get it. What the
 * administrator has to change first is not worth waiting for.
 */
static int explain_absence(const struct storefile *s, bool *ret_may_come,
			   struct err *e)
{
	struct storemeta_error why;

	*ret_may_come = true;
	if (!read_error(s, &why))
		return explain_silence(s, e);
	if (why.code != DC_CODE_FORBIDDEN && why.code != DC_CODE_CONFIG)
		return err_set(e, DC_CODE_TRY_AGAIN, "%s", why.msg);
	*ret_may_come = false;
	return err_set(e, why.code, "%s", why.msg);
}

int storefile_open(const char *store, const struct config_rule *rule,
		   struct storefile *ret, bool *ret_may_come, struct err *e)
{
	int failed;

	*ret = (struct storefile)STOREFILE_INIT;
	ret->rule = rule;
	ret->path = store;
	*ret_may_come = false;
	failed = open_rule(ret, e);
	if (failed && !e->code)
		failed = explain_absence(ret, ret_may_come, e);
	if (failed)
		storefile_release(ret);
	else
		e->code = 0; /* of a generation that went away */
	return failed;
}

int storefile_follow(struct storefile *s, struct err *e)
{
	char now[DC_STORE_GENERATION_MAX + 1];
	bool may_come;

	if (storecheck_current(s, now, e) == 0 &&
	    ((!strcmp(now, s->generation) &&
	      storemeta_is_valid(&s->meta, time(NULL))) ||
	     check_current(s, e) == 0))
		return 0;
	return e->code ? -1 : explain_absence(s, &may_come, e);
}

void storefile_release(struct storefile *s)
{
	fd_close(&s->dir);
	fd_close(&s->data);
}
