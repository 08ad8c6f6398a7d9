/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "confine.h"
#include "fd.h"
#include "supervise.h"

/* Between SIGTERM and SIGKILL for a delegate whose caller is gone. */
#define GRACE_US 5000000ULL

struct watch {
	const struct child *child;
	struct outcome *outcome;
	struct report *report;
	int started;	  /* -1 once it is known whether the delegate runs */
	int caller;	  /* -1 once it is gone, or if there never was one */
	uint64_t kill_at; /* 0: not */
	bool ended;
};

/*
 * The caller waits for the end of the delegate's output: we must not keep it
 * open. Until here it was needed for an error of our own.
 */
static void delegate_runs(struct watch *w)
{
	w->outcome->started = true;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		close(fd);
	if (confine_waiting() < 0)
		report_fallback(w->report,
				"seccomp: the waiting helper is not confined "
				"(%s)",
				err_errno_text(errno));
}

static void read_started(struct watch *w)
{
	ssize_t n;

	do
		n = read(w->started, &w->outcome->failure,
			 sizeof(w->outcome->failure));
	while (n < 0 && errno == EINTR);
	fd_close(&w->started);
	if (n == 0)
		delegate_runs(w);
}

static void reap(struct watch *w)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != w->child->pid)
			continue;
		w->outcome->wait_status = status;
		w->ended = true;
		return;
	}
}

static void caller_went(struct watch *w)
{
	w->caller = -1;
	kill(w->child->pid, SIGTERM);
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
	kill(w->child->pid, SIGKILL);
	w->kill_at = 0;
}

static void watch_once(struct watch *w, const struct signals *s)
{
	struct pollfd fds[] = {
		{ .fd = s->fd, .events = POLLIN },
		{ .fd = w->started, .events = POLLIN },
		{ .fd = w->caller },
	};

	if (poll(fds, 3, time_left_ms(w)) < 0 && errno != EINTR)
		return;
	if (w->started >= 0 && fds[1].revents)
		read_started(w);
	if (signals_terminated(s))
		kill(w->child->pid, SIGTERM);
	if (w->caller >= 0 && (fds[2].revents & POLLERR))
		caller_went(w);
	kill_when_due(w);
	reap(w);
}

void supervise(const struct child *c, const struct signals *s, int caller,
	       struct outcome *ret, struct report *r)
{
	struct watch w = {
		.child = c,
		.outcome = ret,
		.report = r,
		.started = c->started,
		.caller = caller,
	};

	memset(ret, 0, sizeof(*ret));
	while (!w.ended)
		watch_once(&w, s);
	if (w.started >= 0)
		read_started(&w);
}
