/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ROSTER_H
#define ROSTER_H

#include <stdbool.h>
#include <stddef.h>

#include "../common/config.h"
#include "schedule.h"
#include "store.h"

/*
 * The credentials that are kept: one for each rule of the configuration in
 * force whose material comes from the API server. Two rules that name the same
 * account have one each. Pure.
 */
struct roster_entry {
	const struct config_rule *rule;
	struct schedule schedule;
	bool is_new;   /* or its sources: the store is to be looked at */
	bool is_other; /* its sources are: the store has what they were */
};

/* { 0 } is an empty one. */
struct roster {
	struct config config; /* in force; owned */
	struct roster_entry *entries;
	size_t count;
};

/*
 * Puts a configuration in force and takes it over: *config is not the caller's
 * any more. A rule with the same sources as before keeps its schedule, unless
 * its last request was refused; one with other sources is due at once. Returns
 * -1 where there is no memory, with all as it was and *config freed.
 */
int roster_adopt(struct roster *r, struct config *config, const char *node,
		 const struct schedule_clock *now)
	__attribute__((warn_unused_result));

/* See schedule_reconsider: those whose last request was refused. */
void roster_reconsider(struct roster *r, const struct schedule_clock *now);

void roster_free(struct roster *r);

/* NULL where there is none. */
struct roster_entry *roster_find(const struct roster *r, const char *rule);

/* The one that is due first, and in how many milliseconds; NULL: none is. */
struct roster_entry *roster_next(const struct roster *r,
				 const struct schedule_clock *now,
				 int64_t *ret_wait);

/* The rule of that name, if it is one that is fetched; else NULL with e. */
const struct config_rule *roster_rule(const struct config *c, const char *name,
				      struct err *e);

/* Whether what the store has is the credential that the rule asks for. */
bool roster_is_of(const struct config_rule *rule, const struct store_state *s);

/*
 * Whether another process was faster: what is due is in the store. Then the
 * schedule is that one's, and there is nothing to request.
 */
bool roster_was_renewed(struct roster_entry *entry, const struct store_state *s,
			const struct schedule_clock *now);

#endif
