/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "delegate-credentials.h"
#include "signals.h"

int signals_spare_writes(struct signals *ret, struct err *e)
{
	struct sigaction ignored = { .sa_handler = SIG_IGN };

	if (sigaction(SIGPIPE, &ignored, &ret->pipe) < 0 ||
	    sigaction(SIGXFSZ, &ignored, &ret->size) < 0)
		return err_call(e, errno, "rt_sigaction");
	return 0;
}

int signals_take(struct signals *ret, struct err *e)
{
	struct sigaction by_default = { .sa_handler = SIG_DFL };
	sigset_t ours;

	sigemptyset(&ours);
	sigaddset(&ours, SIGCHLD);
	sigaddset(&ours, SIGTERM);
	/* A caller that ignores SIGCHLD would take the status from us. */
	if (sigaction(SIGCHLD, &by_default, &ret->child) < 0 ||
	    sigprocmask(SIG_BLOCK, &ours, &ret->mask) < 0)
		return err_call(e, errno,
				"rt_sigaction(2) and rt_sigprocmask");
	ret->fd = signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
	if (ret->fd < 0)
		return err_call(e, errno, "signalfd");
	return 0;
}

bool signals_terminated(struct signals *s)
{
	struct signalfd_siginfo info;
	bool terminated = false;

	while (read(s->fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		if (info.ssi_signo == SIGTERM)
			terminated = true;
	s->terminated |= terminated;
	return terminated;
}

int signals_give_back(const struct signals *s)
{
	if (sigaction(SIGCHLD, &s->child, NULL) < 0 ||
	    sigaction(SIGPIPE, &s->pipe, NULL) < 0 ||
	    sigaction(SIGXFSZ, &s->size, NULL) < 0)
		return -1;
	return sigprocmask(SIG_SETMASK, &s->mask, NULL);
}

_Noreturn void signals_end_by(int signal)
{
	struct sigaction by_default = { .sa_handler = SIG_DFL };
	sigset_t set;

	sigaction(signal, &by_default, NULL);
	sigemptyset(&set);
	sigaddset(&set, signal);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	kill(getpid(), signal);
	_exit(128 + signal);
}
