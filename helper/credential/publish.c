/* SPDX-License-Identifier: Apache-2.0 */
/* The writing half of store.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../exec/fd.h"
#include "delegate-credentials.h"
#include "store.h"
#include "ruledir.h"
#include "storeformat.h"

#define ERROR_NEXT_NAME DC_STORE_ERROR_NAME ".tmp"
#define MAX_NAMES 16 /* tried, where the clock has gone back */

/* A new file, whole. Where that fails, ruledir_tidy takes what there is. */
static int write_file(int at, const char *name, const char *buf, size_t len)
{
	auto_fd fd = openat(at, name,
			    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
				    O_CLOEXEC,
			    0400);

	return fd < 0 ? -1 : fd_write_all(fd, buf, len);
}

static int make_generation(const struct ruledir *d,
			   char name[DC_STORE_GENERATION_MAX + 1],
			   struct err *e)
{
	struct timespec now;

	for (int i = 0; i < MAX_NAMES; i++) {
		clock_gettime(CLOCK_REALTIME, &now);
		storeformat_generation(now.tv_sec, now.tv_nsec, name);
		if (mkdirat(d->data, name, 0700) == 0)
			return 0;
		if (errno != EEXIST)
			break;
	}
	return ruledir_fail(e, name);
}

static int check_file(const struct store_file *f, struct err *e)
{
	if (!storemeta_is_file(f->name, strlen(f->name)))
		return err_set(e, DC_CODE_CONFIG,
			       "correct the path of one of the sources");
	if (f->len > (size_t)DC_STORE_FILE_MAX)
		return err_set(e, DC_CODE_CONFIG,
			       "shorten what '%s' is made from: at most %d "
			       "bytes", f->name, DC_STORE_FILE_MAX);
	return 0;
}

static int write_files(const struct ruledir *d, const char *generation,
		       const struct store_generation *g, struct err *e)
{
	auto_fd fd = openat(d->data, generation,
			    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return ruledir_fail(e, generation);
	for (size_t i = 0; i < g->file_count; i++) {
		const struct store_file *f = &g->files[i];

		if (check_file(f, e) < 0)
			return -1;
		if (write_file(fd, f->name, f->data, f->len) < 0)
			return ruledir_fail(e, f->name);
	}
	return 0;
}

static int write_meta(const struct ruledir *d, const char *generation,
		      const struct store_generation *g, struct err *e)
{
	char text[DC_STORE_META_MAX], name[RULEDIR_META_SIZE];
	int len = storeformat_meta(g, text, e);

	if (len < 0)
		return -1;
	ruledir_meta_name(generation, name);
	if (write_file(d->meta, name, text, (size_t)len) < 0)
		return ruledir_fail(e, name);
	return 0;
}

/*
 * A name that is new leads nowhere until the swap. One that is there already
 * is right: ruledir_tidy has seen to that.
 */
static int link_files(const struct ruledir *d,
		      const struct store_generation *g, struct err *e)
{
	char target[sizeof(DC_STORE_CURRENT_NAME "/") + DC_STORE_NAME_MAX];

	for (size_t i = 0; i < g->file_count; i++) {
		snprintf(target, sizeof(target), DC_STORE_CURRENT_NAME "/%s",
			 g->files[i].name);
		if (symlinkat(target, d->data, g->files[i].name) < 0 &&
		    errno != EEXIST)
			return ruledir_fail(e, g->files[i].name);
	}
	return 0;
}

static int swap(const struct ruledir *d, const char *generation, struct err *e)
{
	if (symlinkat(generation, d->data, DC_STORE_NEXT_NAME) < 0 ||
	    renameat(d->data, DC_STORE_NEXT_NAME, d->data,
		     DC_STORE_CURRENT_NAME) < 0)
		return ruledir_fail(e, DC_STORE_CURRENT_NAME);
	return 0;
}

static int clear_error(const struct ruledir *d, struct err *e)
{
	if (unlinkat(d->meta, DC_STORE_ERROR_NAME, 0) < 0 && errno != ENOENT)
		return ruledir_fail(e, DC_STORE_ERROR_NAME);
	return 0;
}

/* The metadata first: whoever follows ..data finds it. */
static int write_generation(const struct ruledir *d,
			    const struct store_generation *g, struct err *e)
{
	char name[DC_STORE_GENERATION_MAX + 1];

	if (make_generation(d, name, e) < 0 ||
	    write_files(d, name, g, e) < 0 || write_meta(d, name, g, e) < 0 ||
	    link_files(d, g, e) < 0)
		return -1;
	return swap(d, name, e);
}

int store_publish(const struct store *s, const char *rule,
		  const struct store_generation *g, struct err *e)
{
	auto_ruledir d = RULEDIR_INIT;
	struct err untidy;
	int failed, left;

	if (ruledir_open(s, rule, true, &d, e) < 0)
		return -1;
	failed = write_generation(&d, g, e);
	left = ruledir_tidy(&d, failed ? &untidy : e);
	return failed || left ? -1 : clear_error(&d, e);
}

int store_note_error(const struct store *s, const char *rule,
		     const struct err *why, int64_t at, struct err *e)
{
	auto_ruledir d = RULEDIR_INIT;
	char text[DC_STORE_META_MAX];
	int len;

	if (ruledir_open(s, rule, true, &d, e) < 0)
		return -1;
	len = storeformat_error(why, at, text, e);
	if (len < 0)
		return -1;
	if (write_file(d.meta, ERROR_NEXT_NAME, text, (size_t)len) < 0 ||
	    renameat(d.meta, ERROR_NEXT_NAME, d.meta, DC_STORE_ERROR_NAME) < 0)
		return ruledir_fail(e, DC_STORE_ERROR_NAME);
	return 0;
}
