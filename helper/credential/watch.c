/* SPDX-License-Identifier: Apache-2.0 */
#include "watch.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "delegate-credentials.h"

/* One renewal of a volume is a dozen events; one reading will do for them. */
#define QUIET_MS 100
#define QUIET_ROUNDS 10

static int directory_of(const char *file, char *ret, size_t size)
{
	const char *slash = strrchr(file, '/');
	int len = slash == NULL ? 1 : (int)(slash - file) + 1;

	return snprintf(ret, size, "%.*s", len, slash == NULL ? "." : file);
}

int watch_open(const char *file, struct watch *ret, struct err *e)
{
	char directory[PATH_MAX];

	if (directory_of(file, directory, sizeof(directory)) >= PATH_MAX)
		return err_set(e, DC_CODE_CONFIG, "give a shorter path than %s",
			       file);
	ret->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (ret->fd < 0)
		return err_sys(e, DC_CODE_INTERNAL, errno,
			       "look at fs.inotify.max_user_instances");
	if (inotify_add_watch(ret->fd, directory,
			      IN_MOVED_TO | IN_CLOSE_WRITE) < 0) {
		err_sys(e, DC_CODE_CONFIG, errno,
			"look at the configuration's directory: watch %s",
			directory);
		watch_close(ret);
		return -1;
	}
	return 0;
}

void watch_close(struct watch *w)
{
	close(w->fd);
	w->fd = -1;
}

/* Takes what is there, and whether that was anything. */
static bool wait_once(const struct watch *w, int milliseconds)
{
	struct pollfd p = { .fd = w->fd, .events = POLLIN };
	char events[4096]
		__attribute__((aligned(__alignof__(struct inotify_event))));

	if (poll(&p, 1, milliseconds) <= 0)
		return false;
	while (read(w->fd, events, sizeof(events)) > 0)
		;
	return true;
}

bool watch_wait(const struct watch *w, int64_t milliseconds)
{
	if (!wait_once(w, milliseconds < INT_MAX ? (int)milliseconds : INT_MAX))
		return false;
	for (int i = 0; i < QUIET_ROUNDS && wait_once(w, QUIET_MS); i++)
		;
	return true;
}
