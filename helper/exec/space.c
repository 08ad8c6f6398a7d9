/* SPDX-License-Identifier: Apache-2.0 */
#include <sched.h>

#include "delegate-credentials.h"
#include "fd.h"
#include "mnt.h"
#include "rootpath.h"
#include "space.h"
#include "statedir.h"

/*
 * One at a time in the whole container: the kernel makes one copy after the
 * other anyway, and lets no mount on the host in before those that wait.
 */
static int take_turn(struct err *e)
{
	auto_fd dir = statedir_open(e);

	return dir < 0 ? -1 : statedir_lock(dir, e);
}

static int share_once(int root, int turn, struct report *r, struct err *e)
{
	bool shared;

	if (mnt_is_shared(root, &shared, r, e) < 0)
		return -1;
	if (shared)
		return 0;
	/* Two at once would leave mounts of two peer groups. */
	return turn < 0 ? -1 : mnt_share_recursively(root, e);
}

static int share_and_copy(int root, struct report *r, struct err *e)
{
	struct err why = ERR_INIT;
	auto_fd turn = take_turn(&why);

	if (share_once(root, turn, r, e) < 0) {
		if (!e->code)
			*e = why;
		return -1;
	}
	if (turn < 0)
		report_fallback(r, "copies of the mount namespace do not take "
				   "turns: %s",
				why.msg);
	if (unshare(CLONE_NEWNS) == 0)
		return 0;
	if (errno == ENOSPC)
		return err_sys(e, DC_CODE_INTERNAL, errno,
			       "raise user.max_mnt_namespaces of the node, or "
			       "end what keeps mount namespaces: unshare "
			       "failed");
	return err_call(e, errno, "unshare");
}

static int reopen(const char *path, int old, struct err *e)
{
	struct fd_identity before;
	struct fd_identity after;
	auto_fd root = rootpath_root(path, e);

	if (root < 0)
		return -1;
	if (fd_identify(old, &before) < 0 || fd_identify(root, &after) < 0)
		return err_call(e, errno, "fstat");
	if (!fd_same(&before, &after))
		return err_set(e, DC_CODE_UNSAFE_HOST_PATH,
			       "leave '%s' alone while a delegate starts: "
			       "another directory took its place",
			       path);
	return fd_take(&root);
}

int space_enter(const char *root_path, int root, struct report *r,
		struct err *e)
{
	struct mnt_place place;

	if (mnt_locate(root, &place, e) < 0)
		return -1;
	if (!place.is_root)
		return err_set(e, DC_CODE_UNSAFE_HOST_PATH,
			       "mount the host's / at '%s': it is a plain "
			       "directory",
			       root_path);
	if (share_and_copy(root, r, e) < 0)
		return -1;
	return reopen(root_path, root, e);
}
