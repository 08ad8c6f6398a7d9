/* SPDX-License-Identifier: Apache-2.0 */
/* multus-credential fetch: one credential, now. */
#include <stdio.h>
#include <string.h>

#include "../common/utc.h"
#include "../exec/fd.h"
#include "command.h"
#include "configfile.h"
#include "confine.h"
#include "now.h"
#include "options.h"
#include "roster.h"
#include "session.h"

struct fetch_options {
	struct session_options session;
	const char *rule;
	bool force;
};

static const struct option_row rows[] = {
	SESSION_ROWS(offsetof(struct fetch_options, session)),
	{ "force", NULL, "also where the one in the store is good yet",
	  offsetof(struct fetch_options, force), false },
};

static const struct option_set options = {
	.usage = "multus-credential fetch RULE --config=FILE --store=DIR "
		 "[--force]\n"
		 "           [--kubeconfig=FILE] [--node-name=NAME]",
	.summary = "Get one rule's credential if it is due; print its jti and "
		   "end.",
	.rows = rows,
	.row_count = sizeof(rows) / sizeof(rows[0]),
	.operand = "RULE",
	.operand_offset = offsetof(struct fetch_options, rule),
};

static bool is_good(const struct session *s, const struct config_rule *rule,
		    const struct store_state *state)
{
	struct schedule_clock now = now_read();
	struct schedule schedule;

	if (!roster_is_of(rule, state) || !fetch_is_complete(&s->fetch, rule))
		return false;
	schedule_init(&schedule, s->node, rule->name);
	schedule_found(&schedule, state->meta.issued, state->meta.expires,
		       &now);
	return !schedule_is_past(&schedule, &now);
}

/* Under the lock that refresh takes: never two requests for one credential. */
static int fetch_if_due(const struct session *s, const struct config_rule *rule,
			bool force, struct store_state *ret, struct err *e)
{
	struct fetch_result result = { .outcome = FETCH_RETRY };
	auto_fd lock = -1;

	if (store_lock(&s->store, rule->name, true, &lock, e) < 0 ||
	    store_read(&s->store, rule->name, ret, e) < 0)
		return -1;
	if (!force && is_good(s, rule, ret))
		return 0;
	fetch_rule(&s->fetch, rule, &result);
	if (result.outcome != FETCH_DONE) {
		*e = result.err;
		return -1;
	}
	if (result.warning[0] != '\0')
		fprintf(stderr, "multus-credential fetch: %s\n",
			result.warning);
	return store_read(&s->store, rule->name, ret, e);
}

static int print(const struct storemeta *m)
{
	char expires[UTC_SIZE] = "-";

	if (m->expires != 0)
		utc_format(m->expires, expires);
	printf("%s %s\n", m->jti[0] == '\0' ? "-" : m->jti, expires);
	return 0;
}

static int run(const struct fetch_options *o, const struct config *config,
	       struct err *e)
{
	const struct config_rule *rule = roster_rule(config, o->rule, e);
	struct store_state state = { 0 };
	struct session session;
	int result;

	if (rule == NULL || session_open(&o->session, &session, e) < 0)
		return -1;
	result = confine_calls(e);
	if (result == 0)
		result = fetch_if_due(&session, rule, o->force, &state, e);
	session_close(&session);
	return result < 0 ? -1 : print(&state.meta);
}

int command_fetch(int argc, char **argv)
{
	static struct config_mistakes mistakes;
	struct fetch_options o = { .force = false };
	struct err err = ERR_INIT;
	struct config config;
	int status;

	if (!options_read(&options, argc, argv, &o, &status))
		return status;
	if (confine_privileges(&err) < 0 ||
	    configfile_read(o.session.config, &config, &mistakes, &err) < 0)
		return options_fail(argv[0], &err);
	status = run(&o, &config, &err);
	config_free(&config);
	return status < 0 ? options_fail(argv[0], &err) : 0;
}
