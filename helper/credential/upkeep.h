/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UPKEEP_H
#define UPKEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "roster.h"
#include "session.h"

/* How long what changes without a sign may go unnoticed. */
#define UPKEEP_LOOK (30 * SCHEDULE_SECOND)

/*
 * What refresh does: it keeps a valid credential for every rule of the
 * configuration in force. All but the waiting.
 */
struct upkeep {
	struct session_options options;
	void (*say)(const char *line);
	struct session session;
	struct roster roster;
	uint64_t bootstrap; /* its stamp, when last looked at */
	int64_t looked;	    /* when, by the steady clock */
	bool in_force;	    /* some configuration was good */
	struct err broken;  /* what the file has been found to be, if it is */
	struct config_mistakes mistakes; /* the same, in full */
};

/* The two above the session are the caller's to set; all else is 0. */
int upkeep_open(struct upkeep *u, struct err *e)
	__attribute__((warn_unused_result));

/*
 * Reads the configuration and puts it in force, and the store to what it says;
 * a broken one is said once, each of its mistakes in a line, and changes
 * nothing.
 */
void upkeep_load(struct upkeep *u, const struct schedule_clock *now);

/*
 * Looks, where it is time, for what changes without a sign: the store, and how
 * to reach the API server. Returns the credential that is due in so many
 * milliseconds; NULL: none is, but there is to be another look then.
 */
struct roster_entry *upkeep_next(struct upkeep *u,
				 const struct schedule_clock *now,
				 int64_t *ret_wait);

/* Makes the request that is due, unless another process did. */
void upkeep_attend(struct upkeep *u, struct roster_entry *entry);

#endif
