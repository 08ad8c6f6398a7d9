/* SPDX-License-Identifier: Apache-2.0 */
#include "schedule.h"

#include <string.h>

#include "delegate-credentials.h"

/* What a number is drawn for: each its own, of the same generation. */
enum draw {
	DRAW_JITTER,
	DRAW_SPREAD,
	DRAW_FAILURE, /* and from here on one for each failure in a row */
};

static int64_t min(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t max(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* The finalizer of splitmix64: every bit of x changes half of the result's. */
static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

/* FNV-1a, with the NUL, so that "a" "bc" is not "ab" "c". */
static uint64_t hash(uint64_t h, const char *s)
{
	do
		h = (h ^ (unsigned char)*s) * 0x100000001b3;
	while (*s++ != '\0');
	return h;
}

/* 0 to range - 1, all alike. */
static int64_t draw(const struct schedule *s, unsigned what, int64_t range)
{
	uint64_t x = mix(s->seed + mix((uint64_t)s->issued + 1));

	x = mix(x + ((uint64_t)what + 1) * 0x9e3779b97f4a7c15);
	return range > 0 ? (int64_t)(x % (uint64_t)range) : 0;
}

static int64_t lifetime(const struct schedule *s)
{
	if (s->expires == 0)
		return SCHEDULE_NO_TOKEN;
	return max(0, min((s->expires - s->issued) * SCHEDULE_SECOND,
			  SCHEDULE_LONGEST));
}

/* How long it counts as a credential yet. */
static int64_t validity(const struct schedule *s,
			const struct schedule_clock *now)
{
	if (s->expires == 0)
		return SCHEDULE_NO_TOKEN;
	return (s->expires - DC_STORE_MIN_LIFE) * SCHEDULE_SECOND - now->wall;
}

/* From its issue to its regular renewal. */
static int64_t interval(const struct schedule *s)
{
	int64_t life = lifetime(s), jitter = life / 10;
	int64_t latest = 9 * jitter;

	if (s->expires != 0)
		latest = min(latest, life - SCHEDULE_LEAD);
	return latest - draw(s, DRAW_JITTER, 2 * jitter + 1);
}

/* What is left of the pause that every request is followed by. */
static int64_t pause_left(const struct schedule *s,
			  const struct schedule_clock *now, int64_t pause)
{
	return s->asked == 0 ? 0 : max(0, s->asked + pause - now->steady);
}

/* It is of no use by our clock, and so may the next one be. */
static int64_t until_replaced(const struct schedule *s,
			      const struct schedule_clock *now)
{
	int64_t left = pause_left(s, now, SCHEDULE_REFUSED);

	return left + draw(s, DRAW_SPREAD,
			   left > 0 ? SCHEDULE_REFUSED : SCHEDULE_START);
}

static int64_t until_renewed(const struct schedule *s,
			     const struct schedule_clock *now, bool spread)
{
	int64_t valid = validity(s, now);
	int64_t age = now->wall - s->issued * SCHEDULE_SECOND;
	int64_t least = pause_left(s, now,
				   max(min(lifetime(s) / 10, valid / 2),
				       SCHEDULE_LEAST));
	int64_t wait = interval(s) - max(age, 0);

	if (valid <= 0)
		return until_replaced(s, now);
	if (age < -SCHEDULE_LEEWAY)
		return least + draw(s, DRAW_SPREAD, SCHEDULE_MINUTE);
	if (wait <= least) /* late: not all at once, and well before the end */
		return least + draw(s, DRAW_SPREAD,
				    min(valid / 2, SCHEDULE_BACKOFF));
	return spread ? least + draw(s, DRAW_SPREAD, wait - least) : wait;
}

static void set_due(struct schedule *s, const struct schedule_clock *now,
		    int64_t wait)
{
	s->due = now->steady + wait;
	s->offset = now->wall - now->steady;
}

static void hold(struct schedule *s, int64_t issued, int64_t expires)
{
	s->issued = issued;
	s->expires = expires;
	s->failures = 0;
	s->refusals = 0;
}

void schedule_init(struct schedule *s, const char *node, const char *rule)
{
	memset(s, 0, sizeof(*s));
	s->seed = hash(hash(0xcbf29ce484222325, node), rule);
}

void schedule_start(struct schedule *s, const struct schedule_clock *now)
{
	hold(s, 0, 0);
	s->settled = false;
	set_due(s, now, draw(s, DRAW_SPREAD, SCHEDULE_START));
}

void schedule_found(struct schedule *s, int64_t issued, int64_t expires,
		    const struct schedule_clock *now)
{
	int64_t age = now->wall - issued * SCHEDULE_SECOND;

	hold(s, issued, expires);
	if (age >= 0) /* somebody requested it then */
		s->asked = max(s->asked, now->steady - age);
	set_due(s, now, until_renewed(s, now, true));
	s->settled = true;
}

void schedule_renewed(struct schedule *s, int64_t issued, int64_t expires,
		      const struct schedule_clock *now)
{
	bool spread = !s->settled || s->failures > 0;

	hold(s, issued, expires);
	s->asked = now->steady;
	set_due(s, now, until_renewed(s, now, spread));
	s->settled = true;
}

void schedule_failed(struct schedule *s, int64_t retry_after,
		     const struct schedule_clock *now)
{
	int64_t window = SCHEDULE_BACKOFF;

	if (s->failures < 9) /* 2^9 s are more than the longest */
		window = min(window, SCHEDULE_SECOND << s->failures);
	retry_after = min(retry_after, SCHEDULE_BACKOFF / SCHEDULE_SECOND);
	s->asked = now->steady;
	set_due(s, now,
		max(retry_after, 0) * SCHEDULE_SECOND +
			draw(s, DRAW_FAILURE + s->failures, window + 1));
	s->failures++;
	s->refusals = 0;
}

void schedule_refused(struct schedule *s, const struct schedule_clock *now)
{
	int64_t least = SCHEDULE_REFUSED_LONGEST;

	if (s->refusals < 4) /* 2^4 x 30 s are more than the longest */
		least = min(least, SCHEDULE_REFUSED << s->refusals);
	s->asked = now->steady;
	set_due(s, now,
		least + draw(s, DRAW_FAILURE + s->failures, least + 1));
	s->failures++;
	s->refusals++;
}

void schedule_reconsider(struct schedule *s, const struct schedule_clock *now)
{
	if (s->refusals == 0)
		return;
	s->refusals = 0;
	set_due(s, now, min(s->due - now->steady, until_replaced(s, now)));
}

int64_t schedule_wait(struct schedule *s, const struct schedule_clock *now)
{
	int64_t step = now->wall - now->steady - s->offset;

	if (step < -SCHEDULE_LEEWAY || step > SCHEDULE_LEEWAY) {
		int64_t due = s->due;

		s->settled = false;
		if (s->issued != 0 && s->failures == 0)
			due = now->steady + until_renewed(s, now, false);
		set_due(s, now, min(due, s->due) - now->steady);
	}
	return max(0, s->due - now->steady);
}

bool schedule_is_past(const struct schedule *s,
		      const struct schedule_clock *now)
{
	int64_t age = now->wall - s->issued * SCHEDULE_SECOND;

	return age >= interval(s) || age < -SCHEDULE_LEEWAY;
}
