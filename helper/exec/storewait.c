/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "delegate-credentials.h"
#include "caller.h"
#include "clock.h"
#include "fd.h"
#include "storewait.h"

/* Where a limit of inotify's is reached we look ourselves, as often as this. */
#define LOOK_MS 100

#define CHANGES                                                                \
	(IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_ATTRIB | IN_ONLYDIR |   \
	 IN_DONT_FOLLOW)

/* What is not there needs none. */
static bool watch_path(const struct storewait *w, const char *path,
		       uint32_t changes)
{
	return inotify_add_watch(w->fd, path, changes) >= 0 ||
	       (errno != ENOSPC && errno != ENOMEM);
}

/*
 * All that is there, from the store down: what is made below it meanwhile is
 * told of by its parent, and watched from the next nap on. A path led astray
 * wakes us for nothing, no more.
 */
static void watch(struct storewait *w)
{
	static const char *const below[] = { "", "/" DC_STORE_DATA_NAME,
					     "/" DC_STORE_META_NAME };
	char path[PATH_MAX];

	w->blind = !watch_path(w, w->store, CHANGES & ~IN_DONT_FOLLOW);
	for (size_t i = 0; i < sizeof(below) / sizeof(below[0]); i++) {
		int len = snprintf(path, sizeof(path), "%s/%s%s", w->store,
				   w->rule, below[i]);

		if (len > 0 && (size_t)len < sizeof(path) &&
		    !watch_path(w, path, CHANGES))
			w->blind = true;
	}
}

static void drain(int fd)
{
	char events[4096];

	while (read(fd, events, sizeof(events)) > 0)
		continue;
}

static bool wait_for_change(const struct storewait *w, uint64_t left_us)
{
	struct pollfd fds[] = {
		{ .fd = w->signals->fd, .events = POLLIN },
		{ .fd = w->caller },
		{ .fd = w->fd, .events = POLLIN },
	};
	int ms = (int)(left_us / 1000 + 1);

	if ((w->fd < 0 || w->blind) && ms > LOOK_MS)
		ms = LOOK_MS;
	if (poll(fds, 3, ms) < 0)
		return errno == EINTR;
	/* A child of before our time may have ended: that is no reason. */
	return !signals_terminated(w->signals) &&
	       !caller_has_left(fds[1].revents);
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
