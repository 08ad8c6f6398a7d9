/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <sys/stat.h>

#include "delegate-credentials.h"
#include "material.h"
#include "rootpath.h"
#include "storecheck.h"

/* What is there has to be of use, also where it may be missing. */
static int check_file(int dir, const char *path, const char *name,
		      bool needed, struct err *e)
{
	struct stat st;
	auto_fd fd = -1;

	if (!needed && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_call(e, errno, "fstatat");
	fd = rootpath_within(dir, name);
	if (fd < 0 && err_is_forbidden(errno))
		return err_call(e, errno, "openat2");
	if (fd >= 0 && fstat(fd, &st) < 0)
		return err_call(e, errno, "fstat");
	if (fd < 0)
		return err_sys(e, DC_CODE_TRY_AGAIN, errno,
			       "mount a service account at '%s' in the "
			       "caller's container: it holds no '%s'",
			       path, name);
	if (!S_ISREG(st.st_mode))
		return err_set(e, DC_CODE_TRY_AGAIN,
			       "mount a service account at '%s' in the "
			       "caller's container: its '%s' is no file",
			       path, name);
	return 0;
}

static int open_directory(const char *path, bool with_ca, struct err *e)
{
	auto_fd dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0 && err_is_forbidden(errno))
		return err_call_on(e, errno, "open", path);
	if (dir < 0)
		return err_sys(e, DC_CODE_TRY_AGAIN, errno,
			       "mount a service account at '%s' in the "
			       "caller's container (see "
			       "automountServiceAccountToken)",
			       path);
	/* Some API servers need no CA, but a kubeconfig names it. */
	if (check_file(dir, path, DC_TOKEN_NAME, true, e) < 0 ||
	    check_file(dir, path, DC_CA_NAME, with_ca, e) < 0 ||
	    check_file(dir, path, DC_NAMESPACE_NAME, false, e) < 0)
		return -1;
	return fd_take(&dir);
}

static int identify(int fd, struct fd_identity *ret, struct err *e)
{
	if (fd_identify(fd, ret) < 0)
		return err_call(e, errno, "fstat");
	return 0;
}

int material_in_directory(const char *path, bool with_ca, struct material *ret,
			  struct err *e)
{
	auto_fd dir = open_directory(path, with_ca, e);

	*ret = (struct material)MATERIAL_INIT;
	ret->with_ca = with_ca;
	return dir < 0 ? -1 : identify(dir, &ret->identity, e);
}

int material_in_store(const struct config_rule *rule, struct storewait *w,
		      struct material *ret, struct err *e)
{
	bool may_come;
	int failed;

	do
		failed = storefile_open(w->store, rule, &ret->store, &may_come,
					e);
	while (failed && may_come && storewait_nap(w));
	if (failed)
		return -1;
	return identify(ret->store.data, &ret->identity, e);
}

static int open_anew(const struct material *m, const char *path, struct err *e)
{
	int dir;

	if (m->store.data < 0)
		return open_directory(path, m->with_ca, e);
	dir = storecheck_reopen(&m->store);
	if (dir < 0 && err_is_forbidden(errno))
		return err_call_on(e, errno, "openat", path);
	if (dir < 0)
		return err_sys(e, DC_CODE_TRY_AGAIN, errno,
			       "leave the store at '%s' alone while a delegate "
			       "starts",
			       path);
	return dir;
}

int material_open(struct material *m, const char *path, struct err *e)
{
	struct fd_identity here;
	auto_fd dir = open_anew(m, path, e);

	if (dir < 0 || identify(dir, &here, e) < 0)
		return -1;
	if (!fd_same(&here, &m->identity))
		return err_set(e, DC_CODE_TRY_AGAIN,
			       "leave '%s' of the caller's container alone "
			       "while a delegate starts: it changed",
			       path);
	if (m->store.data >= 0 && storefile_follow(&m->store, e) < 0)
		return -1;
	return fd_take(&dir);
}

void material_release(struct material *m)
{
	storefile_release(&m->store);
}
