/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "caller.h"
#include "clock.h"
#include "confine.h"
#include "supervise.h"

/* Between SIGTERM and SIGKILL for a delegate whose caller is gone. */
#define GRACE_US 5000000ULL

struct watch {
	pid_t delegate;
	int caller;	  /* -1 once it is gone, or if there never was one */
	uint64_t kill_at; /* 0: not */
	bool ended;
	int status;
};

/*
 * The caller waits for the end of the delegate's output: we must not keep it
 * open. Until here it was needed for an error of our own.
 */
static void leave_the_rest(struct report *r)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		close(fd);
	if (confine_waiting() < 0)
		report_fallback(r,
				"seccomp: the waiting helper is not confined "
				"(%s)",
				err_errno_text(errno));
}

static void reap(struct watch *w)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		/* One that asked to be traced stops: it has not ended. */
		if (pid != w->delegate || WIFSTOPPED(status))
			continue;
		w->status = status;
		w->ended = true;
		return;
	}
}

static void caller_went(struct watch *w)
{
	w->caller = -1;
	kill(w->delegate, SIGTERM);
	w->kill_at = clock_us() + GRACE_US;
}

static int time_left_ms(const struct watch *w)
{
	uint64_t now = clock_us();

	if (!w->kill_at)
		return -1;
	return now >= w->kill_at ? 0 : (int)((w->kill_at - now) / 1000 + 1);
}

static void kill_when_due(struct watch *w)
{
	if (!w->kill_at || clock_us() < w->kill_at)
		return;
	kill(w->delegate, SIGKILL);
	w->kill_at = 0;
}

static void watch_once(struct watch *w, struct signals *s)
{
	struct pollfd fds[] = {
		{ .fd = s->fd, .events = POLLIN },
		{ .fd = w->caller },
	};

	(void)!poll(fds, 2, time_left_ms(w));
	if (signals_terminated(s))
		kill(w->delegate, SIGTERM);
	if (w->caller >= 0 && caller_has_left(fds[1].revents))
		caller_went(w);
	kill_when_due(w);
	reap(w);
}

int supervise_is_possible(struct err *e)
{
	if (waitpid(-1, NULL, WNOHANG) < 0 && errno != ECHILD)
		return err_call(e, errno, "wait4");
	return 0;
}

int supervise(pid_t delegate, struct signals *s, int caller,
	      struct report *r)
{
	struct watch w = { .delegate = delegate, .caller = caller };

	leave_the_rest(r);
	while (!w.ended)
		watch_once(&w, s);
	return w.status;
}
