/* SPDX-License-Identifier: Apache-2.0 */
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "delegate-credentials.h"
#include "caller.h"
#include "clock.h"
#include "fd.h"
#include "storecheck.h"
#include "storewait.h"

/* Where inotify cannot be had we look ourselves, as often as this. */
#define LOOK_MS 100

/* A look costs more than what makes it necessary: there are so few a second. */
#define SETTLE_MS 50

#define DRAIN_READS 16

#define CHANGES                                                                \
	(IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_ATTRIB | IN_ONLYDIR |   \
	 IN_DONT_FOLLOW)

static bool is_not_there(void)
{
	return errno == ENOENT || errno == ENOTDIR;
}

/* What is not there needs none. */
static bool watch_path(const struct storewait *w, const char *path,
		       uint32_t changes)
{
	return inotify_add_watch(w->fd, path, changes) >= 0 || is_not_there();
}

static int enter_rule(const struct storewait *w)
{
	auto_fd rule = storecheck_walk(w->store, w->rule);

	return rule < 0 ? -1 : fchdir(rule);
}

/*
 * All that is there, from the store down: what is made below it meanwhile is
 * told of by its parent, and watched from the next nap on.
 */
static void watch(struct storewait *w)
{
	static const char *const below[] = { ".", DC_STORE_DATA_NAME,
					     DC_STORE_META_NAME };

	w->blind = !watch_path(w, w->store, CHANGES & ~IN_DONT_FOLLOW);
	if (enter_rule(w) < 0) {
		w->blind |= !is_not_there();
		return;
	}
	for (size_t i = 0; i < sizeof(below) / sizeof(below[0]); i++)
		if (!watch_path(w, below[i], CHANGES))
			w->blind = true;
	(void)!chdir("/");
}

/*
 * Only so much, since who writes the store could write faster than we read. What
 * is left is there at the next nap.
 */
static void drain(int fd)
{
	char events[4096];

	for (int i = 0; i < DRAIN_READS && read(fd, events, sizeof(events)) > 0;
	     i++)
		continue;
}

/* 1: there was something; 0: nothing, for so long; -1: no time to wait any more. */
static int wait_ms(const struct storewait *w, int inotify, int ms)
{
	struct pollfd fds[] = {
		{ .fd = w->signals->fd, .events = POLLIN },
		{ .fd = w->caller },
		{ .fd = inotify, .events = POLLIN },
	};
	int n = poll(fds, 3, ms);

	if (n < 0)
		return errno == EINTR ? 0 : -1;
	/* A child of before our time may have ended: that is no reason. */
	if (signals_terminated(w->signals) || caller_has_left(fds[1].revents))
		return -1;
	return n > 0;
}

static bool wait_for_change(const struct storewait *w, uint64_t left_us)
{
	int ms = (int)(left_us / 1000 + 1);
	int changed;

	if ((w->fd < 0 || w->blind) && ms > LOOK_MS)
		ms = LOOK_MS;
	changed = wait_ms(w, w->fd, ms);
	return changed > 0 ? wait_ms(w, -1, SETTLE_MS) >= 0 : changed == 0;
}

bool storewait_nap(struct storewait *w)
{
	uint64_t now = clock_us();

	if (now >= w->until)
		return false;
	if (w->fd < 0) {
		w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
		if (w->fd >= 0) {
			watch(w);
			return true;
		}
	}
	if (!wait_for_change(w, w->until - now))
		return false;
	if (w->fd >= 0) {
		drain(w->fd);
		watch(w);
	}
	return true;
}

void storewait_release(struct storewait *w)
{
	fd_close(&w->fd);
}
