/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../exec/fd.h"
#include "delegate-credentials.h"
#include "smallfile.h"
#include "store.h"
#include "ruledir.h"
#include "wipe.h"

/* Each swap that comes between costs a reader one more look. */
#define MAX_LOOKS 100

/* What a look says beside 0, -1 and, as ruledir.h does, 1: there is nothing. */
#define LOOK_AGAIN 2

int store_open(const char *dir, struct store *ret, struct err *e)
{
	ret->fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return ret->fd < 0 ? ruledir_fail(e, dir) : 0;
}

void store_close(struct store *s)
{
	fd_close(&s->fd);
}

static int fail_lock(const char *rule, struct err *e)
{
	if (errno == EWOULDBLOCK || errno == EINTR)
		return err_set(e, DC_CODE_TRY_AGAIN,
			       "wait: another process is renewing '%s'", rule);
	return ruledir_fail(e, DC_STORE_LOCK_NAME);
}

/* The rule may have been removed from the store while its lock was awaited. */
static int check_lock(int lock, const char *rule, struct err *e)
{
	struct stat st;

	if (fstat(lock, &st) < 0)
		return ruledir_fail(e, DC_STORE_LOCK_NAME);
	if (st.st_nlink == 0)
		return err_set(e, DC_CODE_TRY_AGAIN,
			       "try again: '%s' was being removed", rule);
	return 0;
}

int store_lock(const struct store *s, const char *rule, bool wait, int *ret_fd,
	       struct err *e)
{
	auto_ruledir d = RULEDIR_INIT;
	auto_fd lock = -1;

	if (ruledir_open(s, rule, true, &d, e) < 0)
		return -1;
	lock = openat(d.rule, DC_STORE_LOCK_NAME,
		      O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (lock < 0 || flock(lock, LOCK_EX | (wait ? 0 : LOCK_NB)) < 0)
		return fail_lock(rule, e);
	if (check_lock(lock, rule, e) < 0 || ruledir_tidy(&d, e) < 0)
		return -1;
	*ret_fd = fd_take(&lock);
	return 0;
}

/*
 * For the metadata and the directory of one generation. LOOK_AGAIN: it has gone
 * meanwhile, or is damaged.
 */
static int look(const struct ruledir *d, struct storemeta *ret, int *ret_fd,
		struct err *e)
{
	char generation[DC_STORE_GENERATION_MAX + 1];
	char name[RULEDIR_META_SIZE];
	auto_wipe text = NULL;
	struct err ignored;
	size_t len;
	int missing = ruledir_current(d, generation, e);

	if (missing)
		return missing;
	if (!*generation)
		return LOOK_AGAIN;
	ruledir_meta_name(generation, name);
	if (smallfile_read(d->meta, name, O_NOFOLLOW, DC_STORE_META_MAX, &text,
			   &len) < 0)
		return errno == ENOENT ? LOOK_AGAIN : ruledir_fail(e, name);
	if (storemeta_parse(text, len, ret, &ignored) < 0)
		return LOOK_AGAIN;
	*ret_fd = openat(d->data, generation,
			 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*ret_fd >= 0)
		return 0;
	return errno == ENOENT ? LOOK_AGAIN : ruledir_fail(e, generation);
}

static int read_error(const struct ruledir *d, struct store_state *ret,
		      struct err *e)
{
	auto_wipe text = NULL;
	struct err ignored;
	size_t len;

	if (smallfile_read(d->meta, DC_STORE_ERROR_NAME, O_NOFOLLOW,
			   DC_STORE_META_MAX, &text, &len) < 0)
		return errno == ENOENT ? 0 :
					 ruledir_fail(e, DC_STORE_ERROR_NAME);
	ret->failed = storemeta_parse_error(text, len, &ret->error,
					    &ignored) == 0;
	return 0;
}

int store_read(const struct store *s, const char *rule, struct store_state *ret,
	       struct err *e)
{
	auto_ruledir d = RULEDIR_INIT;
	auto_fd generation = -1;
	int missing;

	memset(ret, 0, sizeof(*ret));
	missing = ruledir_open(s, rule, false, &d, e);
	if (missing)
		return missing < 0 ? -1 : 0;
	missing = LOOK_AGAIN;
	for (int i = 0; missing == LOOK_AGAIN && i < MAX_LOOKS; i++)
		missing = look(&d, &ret->meta, &generation, e);
	if (missing < 0)
		return -1;
	ret->present = !missing;
	if (missing)
		memset(&ret->meta, 0, sizeof(ret->meta));
	return read_error(&d, ret, e);
}

/* As look; the file too may have gone. */
static int look_for_file(const struct ruledir *d, const char *name, char **ret,
			 size_t *ret_len, struct err *e)
{
	auto_fd generation = -1;
	struct storemeta meta;
	int missing = look(d, &meta, &generation, e);

	if (missing)
		return missing;
	if (smallfile_read(generation, name, O_NOFOLLOW,
			   (size_t)DC_STORE_FILE_MAX, ret, ret_len) == 0)
		return 0;
	return errno == ENOENT ? LOOK_AGAIN : ruledir_fail(e, name);
}

int store_read_file(const struct store *s, const char *rule, const char *name,
		    char **ret, size_t *ret_len, struct err *e)
{
	auto_ruledir d = RULEDIR_INIT;
	int missing = ruledir_open(s, rule, false, &d, e);

	if (!missing)
		missing = LOOK_AGAIN;
	for (int i = 0; missing == LOOK_AGAIN && i < MAX_LOOKS; i++)
		missing = look_for_file(&d, name, ret, ret_len, e);
	if (missing <= 0)
		return missing;
	return err_set(e, DC_CODE_TRY_AGAIN,
		       "wait: '%s' has no file '%s' yet", rule, name);
}
