/* SPDX-License-Identifier: Apache-2.0 */
#include "upkeep.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../exec/fd.h"
#include "configfile.h"
#include "logline.h"
#include "mistakes.h"
#include "now.h"
#include "storedir.h"

int upkeep_open(struct upkeep *u, struct err *e)
{
	if (session_open(&u->options, &u->session, e) < 0)
		return -1;
	u->bootstrap = session_stamp(&u->session);
	return 0;
}

static void say(const struct upkeep *u, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void say(const struct upkeep *u, const char *fmt, ...)
{
	char line[MISTAKES_LINE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	u->say(line);
}

/* --- a configuration comes into force ------------------------------------ */

/* None where the file could not be read, which e alone says then. */
static void say_mistakes(const struct upkeep *u)
{
	const char *file = u->options.config;
	char line[MISTAKES_LINE];
	size_t i = 0;

	while (mistakes_next(file, &u->mistakes, &i, line, sizeof(line)))
		u->say(line);
}

/* Said once, however often the file is looked at. */
static void say_broken(struct upkeep *u, const struct config_mistakes *m,
		       const struct err *e)
{
	const char *what =
		u->in_force ? "the last good configuration stays in force"
			    : "nothing is requested until then";

	if (strcmp(u->broken.msg, e->msg) == 0 &&
	    mistakes_are_same(&u->mistakes, m))
		return;
	u->broken = *e;
	u->mistakes = *m;
	if (m->count == 0 || m->no_memory) {
		say(u, "%s (%s)", e->msg, what);
		return;
	}
	say_mistakes(u);
	say(u, "correct %s: %zu mistake%s (%s)", u->options.config, m->count,
	    m->count == 1 ? "" : "s", what);
}

static void remove_rule(struct upkeep *u, const char *rule, const char *why)
{
	struct err err = ERR_INIT;

	if (storedir_remove(&u->session.store, rule, &err) < 0)
		say(u, "%s", err.msg);
	else
		say(u, "rule %s: %s, removed from the store", rule, why);
}

/*
 * What an earlier process left behind is used as long as it is good; but a
 * rule that was given another account must not deliver the one before.
 */
static void look_at_new(struct upkeep *u, struct roster_entry *entry,
			const struct schedule_clock *now)
{
	const char *name = entry->rule->name;
	struct err ignored = ERR_INIT;
	struct store_state state;

	entry->is_new = false;
	if (store_read(&u->session.store, name, &state, &ignored) < 0 ||
	    !state.present)
		return;
	if (!roster_is_of(entry->rule, &state))
		remove_rule(u, name, "of another account or audience");
	else if (!entry->is_other &&
		 fetch_is_complete(&u->session.fetch, entry->rule))
		schedule_found(&entry->schedule, state.meta.issued,
			       state.meta.expires, now);
}

static void remove_rules_that_went(struct upkeep *u)
{
	struct err err = ERR_INIT;
	struct storedir d;

	if (storedir_list(&u->session.store, &d, &err) < 0) {
		say(u, "%s", err.msg);
		return;
	}
	for (size_t i = 0; i < d.count; i++)
		if (roster_find(&u->roster, d.rules[i]) == NULL)
			remove_rule(u, d.rules[i], "gone");
	storedir_free(&d);
}

/*
 * 0: the file's. 1: what an earlier process kept, since the file's is broken as
 * e says. -1: none but the one in force.
 */
static int find_configuration(struct upkeep *u, struct config *ret,
			      struct config_mistakes *m, struct err *e)
{
	const struct store *store = &u->session.store;
	struct err ignored = ERR_INIT;
	int r = configfile_read_and_keep(u->options.config, store, ret, m, e);

	if (r > 0)
		say(u, "the configuration could not be kept: %s", e->msg);
	if (r >= 0) {
		u->broken.msg[0] = '\0';
		return 0;
	}
	if (u->in_force)
		return -1;
	return configfile_read_kept(store, ret, &ignored) < 0 ? -1 : 1;
}

static void put_in_force(struct upkeep *u, struct config *config,
			 const char *which, const struct schedule_clock *now)
{
	if (roster_adopt(&u->roster, config, u->session.node, now) < 0) {
		say(u, "no memory for the configuration");
		return;
	}
	u->in_force = true;
	say(u, "%s: in force, %zu credential%s to keep", which,
	    u->roster.count, u->roster.count == 1 ? "" : "s");
	for (size_t i = 0; i < u->roster.count; i++)
		if (u->roster.entries[i].is_new)
			look_at_new(u, &u->roster.entries[i], now);
	remove_rules_that_went(u);
}

void upkeep_load(struct upkeep *u, const struct schedule_clock *now)
{
	static struct config_mistakes mistakes;
	struct err why = ERR_INIT;
	struct config config;
	int found = find_configuration(u, &config, &mistakes, &why);

	if (found >= 0)
		put_in_force(u, &config,
			     found ? "the one kept before" : u->options.config,
			     now);
	if (found != 0)
		say_broken(u, &mistakes, &why);
}

/* --- what changes without a sign ----------------------------------------- */

/* One that somebody took out of the store is due at once. */
static void look_at_held(struct upkeep *u, struct roster_entry *entry,
			 const struct schedule_clock *now)
{
	const char *name = entry->rule->name;
	struct err ignored = ERR_INIT;
	struct store_state state;

	if (entry->schedule.issued == 0 ||
	    store_read(&u->session.store, name, &state, &ignored) < 0 ||
	    roster_is_of(entry->rule, &state))
		return;
	say(u, "rule %s: not in the store any more", name);
	schedule_start(&entry->schedule, now);
}

/* Another account may be granted what this one was refused. */
static void look_at_bootstrap(struct upkeep *u,
			      const struct schedule_clock *now)
{
	uint64_t stamp = session_stamp(&u->session);
	struct err err = ERR_INIT;

	if (stamp == u->bootstrap)
		return;
	u->bootstrap = stamp;
	if (session_renew(&u->session, &err) < 0)
		say(u, "%s (the last good one stays in use)", err.msg);
	roster_reconsider(&u->roster, now);
}

struct roster_entry *upkeep_next(struct upkeep *u,
				 const struct schedule_clock *now,
				 int64_t *ret_wait)
{
	struct roster_entry *next;
	int64_t left;

	if (now->steady - u->looked >= UPKEEP_LOOK) {
		u->looked = now->steady;
		look_at_bootstrap(u, now);
		if (u->in_force)
			remove_rules_that_went(u);
		for (size_t i = 0; i < u->roster.count; i++)
			look_at_held(u, &u->roster.entries[i], now);
	}
	left = u->looked + UPKEEP_LOOK - now->steady;
	next = roster_next(&u->roster, now, ret_wait);
	if (next != NULL && *ret_wait <= left)
		return next;
	*ret_wait = left;
	return NULL;
}

/* --- a request ----------------------------------------------------------- */

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

static void request(struct upkeep *u, struct roster_entry *entry)
{
	struct fetch_result result = { .outcome = FETCH_RETRY };
	struct err ignored = ERR_INIT;
	struct store_state state = { 0 };
	struct schedule_clock now;
	char line[1024];

	fetch_rule(&u->session.fetch, entry->rule, &result);
	now = now_read();
	note(entry, &result, &now);
	if (store_read(&u->session.store, entry->rule->name, &state, &ignored) <
	    0)
		memset(&state, 0, sizeof(state));
	logline_request(entry->rule->name, &result, &state.meta,
			schedule_wait(&entry->schedule, &now), line,
			sizeof(line));
	u->say(line);
}

void upkeep_attend(struct upkeep *u, struct roster_entry *entry)
{
	const char *name = entry->rule->name;
	struct err err = ERR_INIT;
	struct store_state state;
	struct schedule_clock now;
	auto_fd lock = -1;
	char line[1024];

	/* Whoever holds it may be stuck, and other rules are due, too. */
	if (store_lock(&u->session.store, name, false, &lock, &err) < 0 ||
	    store_read(&u->session.store, name, &state, &err) < 0) {
		now = now_read();
		schedule_failed(&entry->schedule, 0, &now);
		say(u, "rule %s: %s", name, err.msg);
		return;
	}
	now = now_read();
	if (!fetch_is_complete(&u->session.fetch, entry->rule) ||
	    !roster_was_renewed(entry, &state, &now)) {
		request(u, entry);
		return;
	}
	logline_found(name, &state.meta, schedule_wait(&entry->schedule, &now),
		      line, sizeof(line));
	u->say(line);
}
