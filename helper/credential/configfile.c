/* SPDX-License-Identifier: Apache-2.0 */
#include "configfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "../exec/fd.h"
#include "delegate-credentials.h"
#include "smallfile.h"

/* No rule's: those are labels, without a dot. */
#define NEW_NAME DC_LAST_GOOD_NAME ".new"

/* A file's bytes, whole or not; buf is malloc's, or NULL. */
struct text {
	char *buf;
	size_t len;
};

/*
 * One byte more than a configuration may have: that a file is too long is the
 * decoder's to say.
 */
static int read_all(FILE *f, const char *file, struct text *ret, struct err *e)
{
	size_t max = CONFIG_MAX_BYTES + 1;

	ret->buf = malloc(max);
	if (ret->buf == NULL)
		return err_sys(e, DC_CODE_INTERNAL, ENOMEM, "read '%s'", file);
	ret->len = fread(ret->buf, 1, max, f);
	if (ferror(f))
		return err_sys(e, DC_CODE_CONFIG, errno, "correct '%s'", file);
	return 0;
}

static int read_file(const char *file, struct text *ret, struct err *e)
{
	FILE *f = fopen(file, "re");
	int r;

	if (f == NULL)
		return err_sys(e, DC_CODE_CONFIG, errno, "correct '%s'", file);
	r = read_all(f, file, ret, e);
	fclose(f);
	return r;
}

static int decode(const char *file, const struct text *t, struct config *ret,
		  struct config_mistakes *m, struct err *e)
{
	if (config_decode(t->buf, t->len, ret, m) == 0)
		return 0;
	return config_mistakes_err(file, m, e);
}

static int read_text(const char *file, struct text *ret_text,
		     struct config *ret, struct config_mistakes *m,
		     struct err *e)
{
	m->count = 0;
	if (read_file(file, ret_text, e) < 0)
		return -1;
	return decode(file, ret_text, ret, m, e);
}

int configfile_read(const char *file, struct config *ret,
		    struct config_mistakes *m, struct err *e)
{
	struct text text = { NULL, 0 };
	int r = read_text(file, &text, ret, m, e);

	free(text.buf);
	return r;
}

static int keep(const struct store *s, const struct text *t, struct err *e)
{
	if (fd_replace(s->fd, DC_LAST_GOOD_NAME, NEW_NAME, t->buf, t->len) == 0)
		return 0;
	return err_sys(e, DC_CODE_INTERNAL, errno,
		       "give the store room for the configuration");
}

int configfile_read_and_keep(const char *file, const struct store *s,
			     struct config *ret, struct config_mistakes *m,
			     struct err *e)
{
	struct text text = { NULL, 0 };
	int r = read_text(file, &text, ret, m, e);

	if (r == 0 && keep(s, &text, e) < 0)
		r = 1;
	free(text.buf);
	return r;
}

int configfile_read_kept(const struct store *s, struct config *ret,
			 struct err *e)
{
	static struct config_mistakes mistakes;
	struct text text = { NULL, 0 };
	int r;

	mistakes.count = 0;
	if (smallfile_read(s->fd, DC_LAST_GOOD_NAME, O_NOFOLLOW,
			   CONFIG_MAX_BYTES, &text.buf, &text.len) < 0)
		return err_sys(e, DC_CODE_CONFIG, errno,
			       "read what was kept of the configuration");
	r = decode(DC_LAST_GOOD_NAME, &text, ret, &mistakes, e);
	free(text.buf);
	return r;
}
