/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MNT_H
#define MNT_H

#include <stdbool.h>
#include <stdint.h>

#include "../common/err.h"
#include "../common/report.h"

/*
 * The mount system calls, by descriptor, with what they mean here. Where a
 * kernel lacks one of them (before 5.14, or forbidden by a seccomp filter) the
 * code is DC_CODE_KERNEL.
 */

/*
 * A detached, empty tmpfs with the limits of delegate-credentials.h, nodev,
 * noexec, nosuid and, where the kernel has it, noswap; what is missing is
 * noted in r. Returns a descriptor of its root that the caller owns.
 */
int mnt_tmpfs(struct report *r, struct err *e)
	__attribute__((warn_unused_result));

/* Fill the tmpfs: an empty directory, and a file of mode 0400. */
int mnt_add_directory(int tmpfs, const char *name, struct err *e)
	__attribute__((warn_unused_result));
int mnt_add_file(int tmpfs, const char *name, const char *text, struct err *e)
	__attribute__((warn_unused_result));

/*
 * Lets nothing more be written into it, and makes it unbindable: the kernel
 * then neither attaches it where mounts are shared, nor lets a delegate bind
 * or move it there, from where others would see it and it would stay.
 */
int mnt_finish(int tmpfs, struct err *e) __attribute__((warn_unused_result));

/*
 * A detached, unbindable, read-only bind of the directory dir. Returns a
 * descriptor that the caller owns; DC_CODE_TRY_AGAIN where its mount cannot be
 * bound.
 */
int mnt_bind(int dir, struct err *e) __attribute__((warn_unused_result));

/* Attaches a detached mount on name under dir; "" is dir itself. */
int mnt_attach(int mnt, int dir, const char *name, struct err *e)
	__attribute__((warn_unused_result));

/* Makes the mount at fd and all below it shared (a slave stays one). */
int mnt_share_recursively(int fd, struct err *e)
	__attribute__((warn_unused_result));

/* Makes the one mount whose root fd is a slave: nothing leaves it. */
int mnt_make_slave(int fd, struct err *e) __attribute__((warn_unused_result));

/*
 * Whether mounts made on the mount at fd show up elsewhere. Asks statmount(2),
 * else /proc/self/mountinfo, noted in r.
 */
int mnt_is_shared(int fd, bool *ret, struct report *r, struct err *e)
	__attribute__((warn_unused_result));

/* The mount that a descriptor is on; ids compare within one namespace only. */
struct mnt_place {
	unsigned long long id;
	bool is_root; /* the descriptor is the mount's root directory */
};

int mnt_locate(int fd, struct mnt_place *ret, struct err *e)
	__attribute__((warn_unused_result));

/*
 * What to do where /var/run leads into a larger mount: the host has none on
 * /run, its /var/run does not lead there, or the root came without it.
 */
#define MNT_CARRIER_REMEDY                                                     \
	"let /var/run lead to a mount of its own: mount a tmpfs on /run of "   \
	"the host, link /var/run to it and bind the root with all the "        \
	"mounts below it"

/*
 * Climbs from dir to the root of the mount that dir is on. Returns a
 * descriptor that the caller owns; refuses where that is more levels up, or
 * the mount changes on the way.
 */
int mnt_climb(int dir, int levels, struct err *e)
	__attribute__((warn_unused_result));

/*
 * Takes the attached mount at fd away, with all that is on or below it; what a
 * delegate bound there stays where it is from. A mount that is gone already is
 * fine. -1 with errno where it had to be given up: at the latest at until, as
 * clock_us counts, for somebody may mount meanwhile, or have piled up thousands,
 * all of which each step looks at.
 */
int mnt_detach(int fd, uint64_t until) __attribute__((warn_unused_result));

/* Whether the kernel, or a filter in front of it, lets mounts be taken away. */
int mnt_try_detach(struct err *e) __attribute__((warn_unused_result));

#endif
