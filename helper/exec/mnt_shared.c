/* SPDX-License-Identifier: Apache-2.0 */
/* mnt_is_shared: the one question that needs two ways to ask it. */
#include <fcntl.h>
#include <linux/magic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "delegate-credentials.h"
#include "../common/mountinfo.h"
#include "fd.h"
#include "mnt.h"
#include "statx.h"

/* Linux 6.8; headers of 2022 do not have it. The number is one for all. */
#ifndef SYS_statmount
#define SYS_statmount 457
#endif
#ifndef STATX_MNT_ID_UNIQUE
#define STATX_MNT_ID_UNIQUE 0x4000U
#endif

#define STATMOUNT_WANT_MNT_BASIC 2ULL
#define PROPAGATION_SHARED (1ULL << 20)

/* struct mnt_id_req and the beginning of struct statmount, statmount(2). */
struct statmount_request {
	uint32_t size;
	uint32_t spare;
	uint64_t mnt_id;
	uint64_t param;
};

struct statmount_answer {
	uint32_t size;
	uint32_t mnt_opts;
	uint64_t mask;
	uint32_t sb_dev_major;
	uint32_t sb_dev_minor;
	uint64_t sb_magic;
	uint32_t sb_flags;
	uint32_t fs_type;
	uint64_t mnt_id;
	uint64_t mnt_parent_id;
	uint32_t mnt_id_old;
	uint32_t mnt_parent_id_old;
	uint64_t mnt_attr;
	uint64_t mnt_propagation;
	uint64_t rest[54];
};

static int ask_statmount(int fd, bool *ret)
{
	struct statmount_request request = {
		.size = sizeof(request),
		.param = STATMOUNT_WANT_MNT_BASIC,
	};
	struct statmount_answer answer;
	struct statx stx;

	if (statx_fd(fd, STATX_MNT_ID_UNIQUE, &stx) < 0)
		return -1;
	if (!(stx.stx_mask & STATX_MNT_ID_UNIQUE)) {
		errno = ENOSYS;
		return -1;
	}
	request.mnt_id = stx.stx_mnt_id;
	memset(&answer, 0, sizeof(answer));
	if (syscall(SYS_statmount, &request, &answer, sizeof(answer), 0) < 0)
		return -1;
	if (!(answer.mask & STATMOUNT_WANT_MNT_BASIC)) {
		errno = ENOSYS;
		return -1;
	}
	*ret = answer.mnt_propagation & PROPAGATION_SHARED;
	return 0;
}

static int fail_mountinfo(struct err *e)
{
	if (err_is_forbidden(errno))
		return err_call(e, errno, "open(2), fstatfs(2) and read");
	return err_sys(e, DC_CODE_INTERNAL, errno,
		       "mount /proc in the caller's container: "
		       "/proc/self/mountinfo cannot be read");
}

static int check_mountinfo(FILE *f, struct err *e)
{
	struct statfs fs;

	if (fstatfs(fileno(f), &fs) < 0)
		return fail_mountinfo(e);
	if (fs.f_type != PROC_SUPER_MAGIC)
		return err_set(e, DC_CODE_INTERNAL,
			       "mount a real /proc in the caller's container");
	return 0;
}

static int mount_is_gone(struct err *e)
{
	return err_set(e, DC_CODE_UNSAFE_HOST_PATH,
		       "let chrootDir be in the caller's own mount namespace, "
		       "and leave the host's mounts alone while a delegate "
		       "starts: one that was in use is not there");
}

static int find_mount(FILE *f, uint64_t id, bool *ret, struct err *e)
{
	struct mountinfo_line parsed;
	bool found = false;
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	while (!found && (len = getline(&line, &size, f)) > 0)
		found = mountinfo_parse_line(line, (size_t)len - 1, &parsed) &&
			parsed.id == id;
	if (found)
		*ret = parsed.shared;
	else if (ferror(f))
		fail_mountinfo(e);
	else
		mount_is_gone(e);
	free(line);
	return found ? 0 : -1;
}

/* A pipe in its place must not keep us waiting. */
static FILE *open_mountinfo(void)
{
	auto_fd fd = open("/proc/self/mountinfo",
			  O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");

	if (f)
		fd_take(&fd);
	return f;
}

static int ask_mountinfo(int fd, bool *ret, struct err *e)
{
	struct mnt_place place;
	int failed;
	FILE *f;

	if (mnt_locate(fd, &place, e) < 0)
		return -1;
	f = open_mountinfo();
	if (!f)
		return fail_mountinfo(e);
	failed = check_mountinfo(f, e) < 0 ||
		 find_mount(f, place.id, ret, e) < 0;
	fclose(f);
	return failed ? -1 : 0;
}

int mnt_is_shared(int fd, bool *ret, struct report *r, struct err *e)
{
	if (ask_statmount(fd, ret) == 0)
		return 0;
	if (errno == ENOENT)
		return mount_is_gone(e);
	if (!err_is_forbidden(errno))
		return err_call(e, errno, "statmount");
	report_fallback(r,
			"statmount: it cannot be called, and mounts are read "
			"from /proc/self/mountinfo (%s)",
			err_errno_text(errno));
	return ask_mountinfo(fd, ret, e);
}
