/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A day of a large cluster in a second: what reaches the API server when all
 * nodes start in the same moment, with the scheduling code of the sidecar and
 * a clock of our own. Prints flat JSON; the curves go to the file named. Fails
 * where a steady state has a peak of more than twice the mean.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../helper/credential/schedule.h"

#define NODES 5000
#define CREDENTIALS 3 /* a node */
#define LIFETIME 3600 /* of a token, seconds: what the API server gives */
#define HOUR 3600
#define DAY 86400
#define WINDOW 10
#define EPOCH INT64_C(1700000000)
#define PEAK_TO_MEAN_MAX 2.0

/* Starting is one thing, steady state another: this is where it begins. */
#define STEADY 60
#define OUTAGE 43200 /* from noon, for an hour */
#define OUTAGE_END 46800
#define RECOVERED (OUTAGE_END + 300) /* the longest that one waits */

struct scenario {
	const char *name;
	int64_t outage, outage_end;
	bool only_jitter; /* without the wide spread of a first renewal */
	bool refused;	  /* one right is missing on all nodes, all day */
	uint32_t requests[DAY];
	int64_t last_recovered; /* seconds after the outage's end */
};

static void answer(struct scenario *sc, struct schedule *s, int64_t second,
		   const struct schedule_clock *now)
{
	if (sc->refused) {
		schedule_refused(s, now);
		return;
	}
	if (second >= sc->outage && second < sc->outage_end) {
		schedule_failed(s, 0, now);
		return;
	}
	if (s->failures > 0 && second - sc->outage_end > sc->last_recovered)
		sc->last_recovered = second - sc->outage_end;
	schedule_renewed(s, EPOCH + second, EPOCH + second + LIFETIME, now);
}

/* Credentials know nothing of each other, so each can live its day alone. */
static void live(struct scenario *sc, struct schedule *s)
{
	struct schedule_clock now = { .wall = EPOCH * 1000, .steady = 1000 };

	schedule_start(s, &now);
	s->settled = sc->only_jitter;
	for (;;) {
		int64_t wait = schedule_wait(s, &now), second;

		now.wall += wait;
		now.steady += wait;
		second = now.wall / 1000 - EPOCH;
		if (second >= DAY)
			return;
		sc->requests[second]++;
		answer(sc, s, second, &now);
	}
}

static void run(struct scenario *sc)
{
	for (int node = 0; node < NODES; node++)
		for (int i = 0; i < CREDENTIALS; i++) {
			struct schedule s;
			char name[32], rule[32];

			snprintf(name, sizeof(name), "node-%d", node);
			snprintf(rule, sizeof(rule), "rule-%d", i);
			schedule_init(&s, name, rule);
			live(sc, &s);
		}
}

/* Of all windows that begin in [from, to - WINDOW], one each second. */
static uint32_t peak(const struct scenario *sc, int from, int to)
{
	uint32_t sum = 0, most = 0;

	for (int i = from; i < to; i++) {
		sum += sc->requests[i];
		if (i >= from + WINDOW)
			sum -= sc->requests[i - WINDOW];
		most = sum > most ? sum : most;
	}
	return most;
}

/* Of a window. */
static double mean(const struct scenario *sc, int from, int to)
{
	uint64_t sum = 0;

	for (int i = from; i < to; i++)
		sum += sc->requests[i];
	return (double)sum * WINDOW / (to - from);
}

static void print(const struct scenario *sc, const char *part, int from, int to,
		  double of)
{
	uint32_t most = peak(sc, from, to);

	printf(" \"herd_%s%s_peak_10s\": %" PRIu32 ",\n", sc->name, part, most);
	printf(" \"herd_%s%s_mean_10s\": %.2f,\n", sc->name, part,
	       mean(sc, from, to));
	printf(" \"herd_%s%s_peak_to_mean\": %.2f,\n", sc->name, part,
	       most / of);
}

static int write_curves(const char *file, const struct scenario *all, int count)
{
	FILE *f = fopen(file, "w");

	if (f == NULL)
		return -1;
	for (int t = 0; t < DAY; t += WINDOW) {
		fprintf(f, "%.4f", t / 3600.0);
		for (int i = 0; i < count; i++)
			fprintf(f, " %" PRIu32, peak(&all[i], t, t + WINDOW));
		fputc('\n', f);
	}
	return fclose(f);
}

int main(int argc, char **argv)
{
	static struct scenario all[] = {
		{ .name = "calm", .outage = DAY, .outage_end = DAY },
		{ .name = "outage",
		  .outage = OUTAGE,
		  .outage_end = OUTAGE_END },
		{ .name = "only_jitter",
		  .outage = DAY,
		  .outage_end = DAY,
		  .only_jitter = true },
		{ .name = "refused",
		  .outage = DAY,
		  .outage_end = DAY,
		  .refused = true },
	};
	double usual;

	if (argc != 2) {
		fputs("usage: herd CURVES\n", stderr);
		return 2;
	}
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		run(&all[i]);
	usual = mean(&all[0], STEADY, DAY);
	printf("{\n \"herd_nodes\": %d,\n \"herd_credentials\": %d,\n", NODES,
	       NODES * CREDENTIALS);
	print(&all[0], "_start", 0, STEADY, usual);
	print(&all[0], "_steady", STEADY, DAY, usual);
	print(&all[1], "_during", OUTAGE, OUTAGE_END, usual);
	print(&all[1], "_recovery", OUTAGE_END, RECOVERED, usual);
	print(&all[1], "_after", RECOVERED, DAY, usual);
	printf(" \"herd_outage_recovered_seconds\": %" PRId64 ",\n",
	       all[1].last_recovered);
	print(&all[2], "_steady", STEADY, DAY, usual);
	print(&all[2], "_last_12h", DAY / 2, DAY, usual);
	print(&all[3], "_steady", HOUR, DAY, mean(&all[3], HOUR, DAY));
	printf(" \"herd_peak_to_mean\": %.2f\n}\n",
	       peak(&all[0], STEADY, DAY) / usual);
	if (write_curves(argv[1], all, sizeof(all) / sizeof(all[0])) != 0) {
		perror(argv[1]);
		return 1;
	}
	if (peak(&all[0], STEADY, DAY) > PEAK_TO_MEAN_MAX * usual ||
	    peak(&all[1], RECOVERED, DAY) > PEAK_TO_MEAN_MAX * usual) {
		fputs("herd: a peak is more than twice the mean\n", stderr);
		return 1;
	}
	return 0;
}
