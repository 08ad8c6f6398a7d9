/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "delegate-credentials.h"
#include "clock.h"
#include "fd.h"
#include "mnt.h"
#include "statx.h"

/* Not in <linux/mount.h>, and <sys/mount.h> clashes with that header. */
#define UMOUNT_DETACH 2
#define PROPAGATION_UNBINDABLE (1 << 17)
#define PROPAGATION_SLAVE (1 << 19)
#define PROPAGATION_SHARED (1 << 20)

/* What ends the detaching before its time is up. */
#define DETACH_FAILURES 64

static int set_attr(int fd, unsigned int flags, struct mount_attr *attr,
		    struct err *e)
{
	if (syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH | flags, attr,
		    sizeof(*attr)) < 0)
		return err_call(e, errno, "mount_setattr");
	return 0;
}

static int set_string(int fs, const char *key, const char *value, struct err *e)
{
	if (syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, key, value, 0) < 0)
		return err_call(e, errno, "fsconfig");
	return 0;
}

/* Keeps swap from ever holding what is written here; Linux 6.4. */
static void try_noswap(int fs, struct report *r)
{
	if (syscall(SYS_fsconfig, fs, FSCONFIG_SET_FLAG, "noswap", NULL, 0) < 0)
		report_fallback(r,
				"noswap: this kernel has no tmpfs without "
				"swap (%s)",
				err_errno_text(errno));
}

static int configure_tmpfs(int fs, struct report *r, struct err *e)
{
	if (set_string(fs, "source", "multus-delegate-exec", e) < 0 ||
	    set_string(fs, "size", DC_TMPFS_SIZE, e) < 0 ||
	    set_string(fs, "nr_inodes", DC_TMPFS_INODES, e) < 0 ||
	    set_string(fs, "mode", "0700", e) < 0)
		return -1;
	try_noswap(fs, r);
	if (syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return err_call(e, errno, "fsconfig");
	return 0;
}

int mnt_tmpfs(struct report *r, struct err *e)
{
	auto_fd fs = -1;
	auto_fd mnt = -1;

	fs = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
	if (fs < 0)
		return err_call(e, errno, "fsopen");
	if (configure_tmpfs(fs, r, e) < 0)
		return -1;
	mnt = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC,
			   MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |
				   MOUNT_ATTR_NOSUID);
	if (mnt < 0)
		return err_call(e, errno, "fsmount");
	return fd_take(&mnt);
}

int mnt_add_directory(int tmpfs, const char *name, struct err *e)
{
	if (mkdirat(tmpfs, name, 0700) < 0)
		return err_call(e, errno, "mkdirat");
	return 0;
}

int mnt_add_file(int tmpfs, const char *name, const char *text, struct err *e)
{
	auto_fd fd = openat(tmpfs, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
			    0400);

	if (fd < 0 || fd_write_all(fd, text, strlen(text)) < 0)
		return err_call(e, errno, "openat(2) and write");
	return 0;
}

int mnt_finish(int tmpfs, struct err *e)
{
	struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_RDONLY,
		.propagation = PROPAGATION_UNBINDABLE,
	};

	return set_attr(tmpfs, 0, &attr, e);
}

int mnt_bind(int dir, struct err *e)
{
	struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV |
			    MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSUID,
		.propagation = PROPAGATION_UNBINDABLE,
	};
	auto_fd mnt = -1;

	mnt = (int)syscall(SYS_open_tree, dir, "",
			   OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	if (mnt < 0 && errno == EINVAL)
		return err_set(e, DC_CODE_TRY_AGAIN,
			       "leave the mount of the credential's directory "
			       "alone while a delegate starts, and let it be "
			       "neither unbindable nor, in a user namespace, "
			       "have others below: it cannot be bound");
	if (mnt < 0)
		return err_call(e, errno, "open_tree");
	if (set_attr(mnt, 0, &attr, e) < 0)
		return -1;
	return fd_take(&mnt);
}

int mnt_attach(int mnt, int dir, const char *name, struct err *e)
{
	unsigned int flags = MOVE_MOUNT_F_EMPTY_PATH;

	if (!*name)
		flags |= MOVE_MOUNT_T_EMPTY_PATH;
	if (syscall(SYS_move_mount, mnt, "", dir, name, flags) == 0)
		return 0;
	if (errno == ENOSPC)
		return err_sys(e, DC_CODE_INTERNAL, errno,
			       "raise fs.mount-max of the node, or unmount "
			       "what has piled up: move_mount failed");
	if (err_is_forbidden(errno) || errno == ENOMEM)
		return err_call(e, errno, "move_mount");
	return err_sys(e, DC_CODE_UNSAFE_HOST_PATH, errno,
		       "leave the host's /run alone while a delegate starts: "
		       "the credential cannot be mounted there");
}

int mnt_share_recursively(int fd, struct err *e)
{
	struct mount_attr attr = { .propagation = PROPAGATION_SHARED };

	return set_attr(fd, AT_RECURSIVE, &attr, e);
}

int mnt_make_slave(int fd, struct err *e)
{
	struct mount_attr attr = { .propagation = PROPAGATION_SLAVE };
	int failed = set_attr(fd, 0, &attr, e);

	/* The host took the mount away since it was found. */
	if (failed && errno == EINVAL)
		return err_set(e, DC_CODE_UNSAFE_HOST_PATH,
			       "leave the host's mounts alone while a delegate "
			       "starts: the one under /run is gone");
	return failed;
}

int mnt_locate(int fd, struct mnt_place *ret, struct err *e)
{
	struct statx stx;

	if (statx_fd(fd, STATX_MNT_ID | STATX_INO, &stx) < 0)
		return err_call(e, errno, "statx");
	if (!(stx.stx_mask & STATX_MNT_ID) ||
	    !(stx.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT))
		return err_set(e, DC_CODE_KERNEL,
			       "use Linux 5.14 or newer: statx(2) tells no "
			       "mounts apart here");
	ret->id = stx.stx_mnt_id;
	ret->is_root = stx.stx_attributes & STATX_ATTR_MOUNT_ROOT;
	return 0;
}

static int run_changed(struct err *e)
{
	return err_set(e, DC_CODE_UNSAFE_HOST_PATH,
		       "leave the host's /run alone while a delegate starts: "
		       "its mounts changed");
}

int mnt_climb(int dir, int levels, struct err *e)
{
	struct mnt_place start;
	struct mnt_place here;
	auto_fd fd = openat(dir, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_call(e, errno, "openat");
	if (mnt_locate(fd, &start, e) < 0)
		return -1;
	here = start;
	for (int i = 0; i < levels && !here.is_root; i++) {
		int up = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);

		/* What was moved out of its mount has no parent there. */
		if (up < 0 && errno == ENOENT)
			return run_changed(e);
		if (up < 0)
			return err_call(e, errno, "openat");
		fd_close(&fd);
		fd = up;
		if (mnt_locate(fd, &here, e) < 0)
			return -1;
	}
	if (!here.is_root)
		return err_set(e, DC_CODE_UNSAFE_HOST_PATH,
			       MNT_CARRIER_REMEDY ": on a file system that "
			       "holds more than it a delegate's own mounts "
			       "would be lost");
	if (here.id != start.id)
		return run_changed(e);
	return fd_take(&fd);
}

/*
 * With all that is on or below it. What a delegate bound there may be the host's
 * and have mounts below that are shared: to unmount those reaches their peers.
 */
static int cut_off(int fd)
{
	struct mount_attr attr = { .propagation = PROPAGATION_UNBINDABLE };

	return (int)syscall(SYS_mount_setattr, fd, "",
			    AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr));
}

static int take_top_off(int fd)
{
	/*
	 * "." leads to what is mounted on top: what a delegate put over ours. One
	 * that is gone is not entered: its file system may hang.
	 */
	if (cut_off(fd) < 0 || fchdir(fd) < 0)
		return -1;
	return (int)syscall(SYS_umount2, ".", UMOUNT_DETACH);
}

int mnt_detach(int fd, uint64_t until)
{
	int failures = 0;
	int why;

	/*
	 * Once ours is out of the namespace the calls fail with EINVAL:
	 * nothing that is not on or in our mount can be hit. Other failures
	 * may pass, and giving up would leave the credential to a child that
	 * the delegate left.
	 */
	do {
		why = EBUSY; /* mounts keep coming */
		if (take_top_off(fd) == 0)
			continue;
		why = errno;
		failures++;
	} while (why != EINVAL && failures < DETACH_FAILURES &&
		 clock_us() < until);
	/* The last one may have been ours. */
	if (why == EBUSY && cut_off(fd) < 0)
		why = errno;
	(void)!chdir("/");
	errno = why;
	return why == EINVAL ? 0 : -1;
}

int mnt_try_detach(struct err *e)
{
	/* Not EINVAL, which would be taken for a mount that is gone. */
	if (syscall(SYS_umount2, "", 0) < 0 && errno == ENOENT)
		return 0;
	return err_call(e, errno, "umount2");
}
