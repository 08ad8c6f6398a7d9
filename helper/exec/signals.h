/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <signal.h>
#include <stdbool.h>

#include "../common/err.h"

/* How the caller had left the signals that we use: the delegate's heritage. */
struct signals {
	int fd; /* a signalfd for SIGCHLD and SIGTERM; owned */
	bool terminated; /* SIGTERM has come */
	sigset_t mask;
	struct sigaction child;
	struct sigaction pipe;
	struct sigaction size;
};

/*
 * From here on what cannot be written is an error, and does not end us:
 * neither by SIGPIPE nor by SIGXFSZ.
 */
int signals_spare_writes(struct signals *ret, struct err *e)
	__attribute__((warn_unused_result));

/* From here on SIGTERM and SIGCHLD come by descriptor. */
int signals_take(struct signals *ret, struct err *e)
	__attribute__((warn_unused_result));

/* Whether a SIGTERM came since the last call. */
bool signals_terminated(struct signals *s);

/* Undoes both, in the child before exec. Returns 0 or -1 with errno. */
int signals_give_back(const struct signals *s);

/* Ends this process by the signal, as its parent expects of the delegate. */
_Noreturn void signals_end_by(int signal);

#endif
