/* SPDX-License-Identifier: Apache-2.0 */
/* multus-credential refresh: keeps a valid credential for every rule. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "command.h"
#include "confine.h"
#include "now.h"
#include "options.h"
#include "upkeep.h"
#include "watch.h"

static const struct option_row rows[] = {
	SESSION_ROWS(offsetof(struct upkeep, options)),
};

static const struct option_set options = {
	.usage = "multus-credential refresh --config=FILE --store=DIR\n"
		 "           [--kubeconfig=FILE] [--node-name=NAME]",
	.summary = "Get and renew the credentials of all rules, until SIGTERM.",
	.rows = rows,
	.row_count = sizeof(rows) / sizeof(rows[0]),
};

/* One write a line, so that lines of several processes do not mix. */
static void say(const char *line)
{
	fprintf(stderr, "multus-credential refresh: %s\n", line);
}

static void run(struct upkeep *u, const struct watch *w)
{
	struct schedule_clock now = now_read();
	struct roster_entry *next;
	int64_t wait;

	upkeep_load(u, &now);
	for (;;) {
		now = now_read();
		next = upkeep_next(u, &now, &wait);
		if (watch_wait(w, wait)) {
			now = now_read();
			upkeep_load(u, &now);
		} else if (next != NULL && wait == 0) {
			upkeep_attend(u, next);
		}
	}
}

/* At once: whatever is half done in the store, the next process sweeps up. */
static void end(int signal_number)
{
	(void)signal_number;
	_exit(0);
}

/* As the first process of a container only what has a handler has an effect. */
static void end_by_signals(void)
{
	struct sigaction by = { .sa_handler = end };

	sigaction(SIGTERM, &by, NULL);
	sigaction(SIGINT, &by, NULL);
}

/* What is open when it fails, the end of the process closes. */
static int start(struct upkeep *u, struct watch *w, struct err *e)
{
	if (confine_privileges(e) < 0 || upkeep_open(u, e) < 0 ||
	    watch_open(u->options.config, w, e) < 0)
		return -1;
	return confine_calls(e);
}

int command_refresh(int argc, char **argv)
{
	static struct upkeep u = { .say = say };
	struct err err = ERR_INIT;
	struct watch w;
	int status;

	if (!options_read(&options, argc, argv, &u, &status))
		return status;
	end_by_signals();
	if (start(&u, &w, &err) < 0)
		return options_fail(argv[0], &err);
	run(&u, &w);
	return 0;
}
