/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SCHEDULE_H
#define SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * When one credential is requested next. Pure: the clock is handed in, and
 * chance is drawn from node, rule and generation, so that the same history
 * gives the same times and no two nodes share them.
 *
 * - A renewal is due at 80% of the lifetime, give or take 10% of it, or sooner
 *   so that a short lifetime leaves SCHEDULE_LEAD. The lifetime is what the
 *   API server granted, at most SCHEDULE_LONGEST of it.
 * - The first renewal after whatever many nodes do at once (start, recover
 *   from an outage, see a clock step) is due at any time up to then, all times
 *   alike: after a joint start 10% of jitter takes hours to flatten the waves.
 * - A failure is tried again after up to 1, 2, 4, ... 300 s, all times alike,
 *   on top of what the server asks for.
 * - A refusal is for somebody to repair, who will look for the effect soon, or
 *   not for days: it is tried again after 30 to 60, 60 to 120, ... s, in the
 *   end 5 to 10 minutes. A cluster in which one right is missing makes a tenth
 *   of the requests that it would make each half minute.
 * - A token from the future, or one that the clock has stepped away from, is
 *   renewed soon, but not before a tenth of its lifetime, or half of what is
 *   left of it, has passed since the last request: a clock that stays wrong
 *   must not become a flood.
 */

#define SCHEDULE_SECOND INT64_C(1000)
#define SCHEDULE_MINUTE (60 * SCHEDULE_SECOND)

#define SCHEDULE_START (2 * SCHEDULE_SECOND) /* spread of the first request */
#define SCHEDULE_LEAD (2 * SCHEDULE_MINUTE)  /* a renewal before the end */
#define SCHEDULE_LONGEST (SCHEDULE_MINUTE * 60 * 30) /* renewed once a day */
#define SCHEDULE_LEEWAY SCHEDULE_MINUTE		     /* between two clocks */
#define SCHEDULE_LEAST (10 * SCHEDULE_SECOND) /* between two good requests */
#define SCHEDULE_BACKOFF (5 * SCHEDULE_MINUTE)
#define SCHEDULE_REFUSED (30 * SCHEDULE_SECOND) /* to twice as long */
#define SCHEDULE_REFUSED_LONGEST (5 * SCHEDULE_MINUTE)
/* Without a token: 80% of this are the ten minutes of a config map. */
#define SCHEDULE_NO_TOKEN (750 * SCHEDULE_SECOND)

/* Milliseconds: since 1970; and of a clock that no one sets or stops. */
struct schedule_clock {
	int64_t wall;
	int64_t steady;
};

struct schedule {
	uint64_t seed;
	int64_t issued; /* Unix seconds; 0: nothing is held */
	int64_t expires;
	int64_t due;	/* these two: of the steady clock */
	int64_t asked;	/* the last request; 0: none yet */
	int64_t offset; /* between the clocks when due was set */
	unsigned failures; /* in a row, of either kind */
	unsigned refusals; /* in a row */
	bool settled;	   /* its renewals no longer coincide with others' */
};

void schedule_init(struct schedule *s, const char *node, const char *rule);

/* Nothing fit for use is in the store: due at once, but for a small spread. */
void schedule_start(struct schedule *s, const struct schedule_clock *now);

/* A generation is in the store that this process did not request. */
void schedule_found(struct schedule *s, int64_t issued, int64_t expires,
		    const struct schedule_clock *now);

/* What became of a request. Seconds, as the API server says them. */
void schedule_renewed(struct schedule *s, int64_t issued, int64_t expires,
		      const struct schedule_clock *now);
void schedule_failed(struct schedule *s, int64_t retry_after,
		     const struct schedule_clock *now);
void schedule_refused(struct schedule *s, const struct schedule_clock *now);

/*
 * What a refusal may have come from has changed: one is tried again at once,
 * but not within half a minute of the last request, and then as after a first.
 */
void schedule_reconsider(struct schedule *s, const struct schedule_clock *now);

/*
 * How many milliseconds are left; 0: it is due. Looks at the clocks anew each
 * time, and brings it forward where the wall clock was stepped.
 */
int64_t schedule_wait(struct schedule *s, const struct schedule_clock *now);

/* Whether it is past its regular renewal (which is before its end), or odd. */
bool schedule_is_past(const struct schedule *s,
		      const struct schedule_clock *now);

#endif
