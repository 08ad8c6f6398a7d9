/* SPDX-License-Identifier: Apache-2.0 */
/* multus-credential refresh: keeps a valid credential for every rule. */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../exec/fd.h"
#include "command.h"
#include "configfile.h"
#include "confine.h"
#include "logline.h"
#include "now.h"
#include "options.h"
#include "roster.h"
#include "session.h"
#include "storedir.h"
#include "watch.h"
#include "wipe.h"

/* poll(2) neither counts a suspended node's time nor sees the clock stepped. */
#define LOOK_AGAIN (30 * SCHEDULE_SECOND)

struct refresh {
	struct session_options options;
	struct session session;
	struct watch watch;
	struct roster roster;
	uint64_t bootstrap; /* its stamp, when last looked at */
	bool in_force; /* some configuration was good */
	struct err broken; /* what the file has been found to be, if it is */
};

static const struct option_row rows[] = {
	SESSION_ROWS(offsetof(struct refresh, options)),
};

static const struct option_set options = {
	.usage = "multus-credential refresh --config=FILE --store=DIR\n"
		 "           [--kubeconfig=FILE] [--node-name=NAME]",
	.summary = "Get and renew the credentials of all rules, until SIGTERM.",
	.rows = rows,
	.row_count = sizeof(rows) / sizeof(rows[0]),
};

static void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* One write a line, so that lines of several processes do not mix. */
static void say(const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	fprintf(stderr, "multus-credential refresh: %s\n", line);
}

/* Said once, however often the file is looked at. */
static void say_broken(struct refresh *r, const struct err *e)
{
	if (strcmp(r->broken.msg, e->msg) == 0)
		return;
	r->broken = *e;
	say("%s (%s)", e->msg,
	    r->in_force ? "the last good configuration stays in force" :
			  "nothing is requested until then");
}

static bool has_file(const struct store *s, const struct config_rule *rule,
		     const char *path)
{
	struct err ignored = ERR_INIT;
	auto_wipe content = NULL;
	size_t len;

	return store_read_file(s, rule->name, path, &content, &len, &ignored) ==
	       0;
}

static bool is_complete(const struct store *s, const struct config_rule *rule)
{
	for (size_t i = 0; i < rule->source_count; i++) {
		const struct config_source *source = &rule->sources[i];

		if (source->kind == CONFIG_TOKEN &&
		    !has_file(s, rule, source->token.path))
			return false;
		if (source->kind != CONFIG_CONFIG_MAP)
			continue;
		for (size_t j = 0; j < source->config_map.item_count; j++)
			if (!has_file(s, rule,
					   source->config_map.items[j].path))
				return false;
	}
	return true;
}

static void remove_rule(struct refresh *r, const char *rule, const char *why)
{
	struct err err = ERR_INIT;

	if (storedir_remove(&r->session.store, rule, &err) < 0)
		say("%s", err.msg);
	else
		say("rule %s: %s, removed from the store", rule, why);
}

/*
 * What an earlier process left behind is used as long as it is good; but a
 * rule that was given another account must not deliver the one before.
 */
static void look_at_store(struct refresh *r, struct roster_entry *entry,
			  const struct schedule_clock *now)
{
	const char *name = entry->rule->name;
	struct err ignored = ERR_INIT;
	struct store_state state;

	entry->is_new = false;
	if (store_read(&r->session.store, name, &state, &ignored) < 0 ||
	    !state.present)
		return;
	if (!roster_is_of(entry->rule, &state))
		remove_rule(r, name, "of another account or audience");
	else if (!entry->is_other &&
		 is_complete(&r->session.store, entry->rule))
		schedule_found(&entry->schedule, state.meta.issued,
			       state.meta.expires, now);
}

static void remove_rules_that_went(struct refresh *r)
{
	struct err err = ERR_INIT;
	struct storedir d;

	if (storedir_list(&r->session.store, &d, &err) < 0) {
		say("%s", err.msg);
		return;
	}
	for (size_t i = 0; i < d.count; i++)
		if (roster_find(&r->roster, d.rules[i]) == NULL)
			remove_rule(r, d.rules[i], "gone");
	storedir_free(&d);
}

static void load(struct refresh *r)
{
	static struct config_mistakes mistakes;
	struct schedule_clock now = now_read();
	struct err err = ERR_INIT;
	struct config config;

	if (configfile_read(r->options.config, &config, &mistakes, &err) < 0) {
		say_broken(r, &err);
		return;
	}
	if (roster_adopt(&r->roster, &config, r->session.node, &now) < 0) {
		say("no memory for the configuration");
		return;
	}
	r->in_force = true;
	r->broken.msg[0] = '\0';
	say("%s: in force, %zu credential%s to keep", r->options.config,
	    r->roster.count, r->roster.count == 1 ? "" : "s");
	for (size_t i = 0; i < r->roster.count; i++)
		if (r->roster.entries[i].is_new)
			look_at_store(r, &r->roster.entries[i], &now);
	remove_rules_that_went(r);
}

/* Whether another process was faster; then there is nothing to request. */
static bool was_renewed(struct roster_entry *entry,
			const struct store_state *state,
			const struct schedule_clock *now)
{
	struct schedule s = entry->schedule;

	if (entry->is_other || !roster_is_of(entry->rule, state) ||
	    state->meta.issued == s.issued)
		return false;
	schedule_found(&s, state->meta.issued, state->meta.expires, now);
	if (schedule_is_past(&s, now))
		return false;
	entry->schedule = s;
	return true;
}

static void note(struct roster_entry *entry, const struct fetch_result *result,
		 const struct schedule_clock *now)
{
	struct schedule *s = &entry->schedule;

	if (result->outcome == FETCH_DONE) {
		entry->is_other = false;
		schedule_renewed(s, result->issued, result->expires, now);
	} else if (result->outcome == FETCH_REFUSED) {
		schedule_refused(s, now);
	} else {
		schedule_failed(s, result->retry_after, now);
	}
}

static void request(struct refresh *r, struct roster_entry *entry)
{
	struct fetch_result result = { .outcome = FETCH_RETRY };
	struct err ignored = ERR_INIT;
	struct store_state state = { 0 };
	struct schedule_clock now;
	char line[1024];

	fetch_rule(&r->session.fetch, entry->rule, &result);
	now = now_read();
	note(entry, &result, &now);
	if (store_read(&r->session.store, entry->rule->name, &state, &ignored) <
	    0)
		memset(&state, 0, sizeof(state));
	logline_request(entry->rule->name, &result, &state.meta,
			schedule_wait(&entry->schedule, &now), line,
			sizeof(line));
	say("%s", line);
}

static void attend(struct refresh *r, struct roster_entry *entry)
{
	const char *name = entry->rule->name;
	struct err err = ERR_INIT;
	struct store_state state;
	struct schedule_clock now;
	auto_fd lock = -1;
	char line[1024];

	if (store_lock(&r->session.store, name, true, &lock, &err) < 0 ||
	    store_read(&r->session.store, name, &state, &err) < 0) {
		now = now_read();
		schedule_failed(&entry->schedule, 0, &now);
		say("rule %s: %s", name, err.msg);
		return;
	}
	now = now_read();
	if (!was_renewed(entry, &state, &now)) {
		request(r, entry);
		return;
	}
	logline_found(name, &state.meta, schedule_wait(&entry->schedule, &now),
		      line, sizeof(line));
	say("%s", line);
}

/* Another account may be granted what this one was refused. */
static void look_at_bootstrap(struct refresh *r,
			      const struct schedule_clock *now)
{
	uint64_t stamp = bootstrap_stamp(&r->session.bootstrap);

	if (stamp != r->bootstrap)
		roster_reconsider(&r->roster, now);
	r->bootstrap = stamp;
}

static void attend_to_all(struct refresh *r)
{
	for (;;) {
		struct schedule_clock now = now_read();
		int64_t wait = LOOK_AGAIN;
		struct roster_entry *next;

		look_at_bootstrap(r, &now);
		next = roster_next(&r->roster, &now, &wait);
		if (watch_wait(&r->watch,
			       wait < LOOK_AGAIN ? wait : LOOK_AGAIN))
			load(r);
		else if (next != NULL && wait == 0)
			attend(r, next);
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

static int start(struct refresh *r, struct err *e)
{
	if (confine_privileges(e) < 0 ||
	    session_open(&r->options, &r->session, e) < 0)
		return -1;
	if (watch_open(r->options.config, &r->watch, e) < 0) {
		session_close(&r->session);
		return -1;
	}
	return confine_calls(e);
}

int command_refresh(int argc, char **argv)
{
	static struct refresh r;
	struct err err = ERR_INIT;
	int status;

	if (!options_read(&options, argc, argv, &r, &status))
		return status;
	end_by_signals();
	if (start(&r, &err) < 0)
		return options_fail(argv[0], &err);
	load(&r);
	attend_to_all(&r);
	return 0;
}
