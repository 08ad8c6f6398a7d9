/* SPDX-License-Identifier: Apache-2.0 */
/*
 * summary TABLE MARKDOWN: reads samples (see invocations.c) and prints what
 * matters of them as flat JSON: the machine, medians, ratios of medians, and
 * differences where a cost is absolute. Into TABLE goes each row's lower
 * quartile, median and upper one:
 *
 *	MOUNTS PARALLEL CONTESTANT MEASURE SAMPLES P25 MEDIAN P75
 *
 * and into MARKDOWN the README's table of medians.
 */
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define NAME 24

struct row {
	int mounts;
	int parallel;
	char contestant[NAME];
	char measure[NAME];
	double *samples;
	size_t count;
};

static struct row *rows;
static size_t row_count;

static struct row *find(int mounts, int parallel, const char *contestant,
			const char *measure)
{
	for (size_t i = 0; i < row_count; i++) {
		struct row *r = &rows[i];

		if (r->mounts == mounts && r->parallel == parallel &&
		    !strcmp(r->contestant, contestant) &&
		    !strcmp(r->measure, measure))
			return r;
	}
	return NULL;
}

static void *grow(void *p, size_t n, size_t size)
{
	p = reallocarray(p, n, size);
	if (!p)
		err(1, "samples");
	return p;
}

static void add(const struct row *key, double value)
{
	struct row *r = find(key->mounts, key->parallel, key->contestant,
			     key->measure);

	if (!r) {
		rows = grow(rows, row_count + 1, sizeof(*rows));
		r = &rows[row_count++];
		*r = *key;
	}
	r->samples = grow(r->samples, r->count + 1, sizeof(double));
	r->samples[r->count++] = value;
}

static void read_samples(void)
{
	struct row key = { 0 };
	double value;
	int n;

	while ((n = scanf("%d %d %23s %23s %lf", &key.mounts, &key.parallel,
			  key.contestant, key.measure, &value)) == 5)
		add(&key, value);
	if (n != EOF)
		errx(1, "a line that is no sample, after %zu rows", row_count);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Of a row whose samples are sorted; between two of them, in proportion. */
static double quantile(const struct row *r, double q)
{
	double place = q * (r->count - 1);
	size_t below = (size_t)place;
	double beyond = place - below;

	if (beyond == 0)
		return r->samples[below];
	return r->samples[below] * (1 - beyond) + r->samples[below + 1] * beyond;
}

static void write_table(const char *path)
{
	FILE *f = fopen(path, "we");

	if (!f)
		err(1, "%s", path);
	for (size_t i = 0; i < row_count; i++) {
		const struct row *r = &rows[i];

		qsort(r->samples, r->count, sizeof(double), compare);
		fprintf(f, "%d %d %s %s %zu %.1f %.1f %.1f\n", r->mounts,
			r->parallel, r->contestant, r->measure, r->count,
			quantile(r, 0.25), quantile(r, 0.5),
			quantile(r, 0.75));
	}
	if (fclose(f))
		err(1, "%s", path);
}

/* What is printed, and from which two rows. */
enum how { MEDIAN, MEDIAN_MS, RATIO, DIFFERENCE_MS, DIFFERENCE };

static const struct figure {
	const char *key;
	enum how how;
	int mounts;
	int parallel;
	const char *measure;
	const char *of;
	const char *to;
} figures[] = {
#define WALL_MS(suffix, mounts, name)                                          \
	{ "wall_ms_" name suffix, MEDIAN_MS, mounts, 1, "wall_us", name, name }
#define AT(suffix, mounts)                                                     \
	WALL_MS(suffix, mounts, "plain"),                                      \
	WALL_MS(suffix, mounts, "copy"),                                       \
	WALL_MS(suffix, mounts, "wrapper"),                                    \
	WALL_MS(suffix, mounts, "directory"),                                  \
	WALL_MS(suffix, mounts, "rule"),                                       \
	WALL_MS(suffix, mounts, "bwrap"),                                      \
	WALL_MS(suffix, mounts, "unshare"),                                    \
	{ "helper_over_plain" suffix, RATIO, mounts, 1, "wall_us",             \
	  "directory", "plain" },                                              \
	{ "helper_over_bwrap" suffix, RATIO, mounts, 1, "wall_us",             \
	  "directory", "bwrap" },                                              \
	{ "helper_over_unshare" suffix, RATIO, mounts, 1, "wall_us",           \
	  "directory", "unshare" },                                            \
	{ "rule_over_plain" suffix, RATIO, mounts, 1, "wall_us", "rule",       \
	  "plain" },                                                           \
	{ "copy_over_plain" suffix, RATIO, mounts, 1, "wall_us", "copy",       \
	  "plain" },                                                           \
	{ "wrapper_over_plain" suffix, RATIO, mounts, 1, "wall_us", "wrapper", \
	  "plain" },                                                           \
	{ "minimal_helper_over_plain" suffix, RATIO, mounts, 1,                \
	  "minimal_wall_us", "directory", "plain" },                           \
	{ "minimal_helper_over_bwrap" suffix, RATIO, mounts, 1,                \
	  "minimal_wall_us", "directory", "bwrap" },                           \
	{ "minimal_copy_over_plain" suffix, RATIO, mounts, 1,                  \
	  "minimal_wall_us", "copy", "plain" },                                \
	{ "cpu_ms_per_invocation" suffix, DIFFERENCE_MS, mounts, 1,            \
	  "minimal_cpu_us", "directory", "plain" },                            \
	{ "cpu_ms_per_rule_invocation" suffix, DIFFERENCE_MS, mounts, 1,       \
	  "minimal_cpu_us", "rule", "plain" },                                 \
	{ "cpu_ms_per_wrapper" suffix, DIFFERENCE_MS, mounts, 1,               \
	  "minimal_cpu_us", "wrapper", "plain" },                              \
	{ "cpu_ms_per_copy" suffix, DIFFERENCE_MS, mounts, 1,                  \
	  "minimal_cpu_us", "copy", "plain" },                                 \
	{ "cpu_ms_per_kept_copy" suffix, DIFFERENCE_MS, mounts, 1,             \
	  "minimal_cpu_us", "kept", "plain" },                                 \
	{ "cpu_ms_per_bwrap" suffix, DIFFERENCE_MS, mounts, 1,                 \
	  "minimal_cpu_us", "bwrap", "plain" },                                \
	{ "parallel32_throughput_over_plain" suffix, RATIO, mounts, 32,        \
	  "wall_us", "plain", "directory" },                                   \
	{ "parallel32_wrapper_over_plain" suffix, RATIO, mounts, 32,           \
	  "wall_us", "plain", "wrapper" },                                     \
	{ "parallel32_throughput_over_bwrap" suffix, RATIO, mounts, 32,        \
	  "wall_us", "bwrap", "directory" },                                   \
	{ "memory_kib_per_invocation" suffix, DIFFERENCE, mounts, 64, "kib",   \
	  "directory", "copy" },                                               \
	{ "memory_kib_per_copy" suffix, DIFFERENCE, mounts, 64, "kib", "copy", \
	  "plain" },                                                           \
	{ "syscalls_per_invocation" suffix, DIFFERENCE, mounts, 1, "syscalls", \
	  "directory", "plain" },                                              \
	{ "syscalls_per_bwrap" suffix, DIFFERENCE, mounts, 1, "syscalls",      \
	  "bwrap", "plain" }
	AT("", 100),
	AT("_1k", 1000),
	AT("_5k", 5000),
	AT("_20k", 20000),
	/* On a cluster; the mounts there are those beyond a kind node's. */
#define CLUSTER(key, how, mounts, measure, of, to)                             \
	{ key, how, mounts, 1, measure, of, to }
#define OVER_STOCK(key, mounts, measure, of)                                   \
	CLUSTER(key, RATIO, mounts, measure, of, "stock")
#define COMPARE(key, mounts, measure) OVER_STOCK(key, mounts, measure, "patched")
#define ADD_DEL(suffix, mounts)                                                \
	COMPARE("add_patched_over_stock" suffix, mounts, "add_us"),            \
	COMPARE("del_patched_over_stock" suffix, mounts, "del_us"),            \
	COMPARE("add_del_cpu_patched_over_stock" suffix, mounts, "cpu_us"),    \
	CLUSTER("cpu_ms_per_add_del_patched" suffix, MEDIAN_MS, mounts,        \
		"cpu_us", "patched", "patched")
	ADD_DEL("", 0),
	ADD_DEL("_1k", 1000),
	ADD_DEL("_5k", 5000),
	OVER_STOCK("add_wrapper_over_stock", 0, "wrapper_add_us", "wrapper"),
	OVER_STOCK("del_wrapper_over_stock", 0, "wrapper_del_us", "wrapper"),
	OVER_STOCK("add_del_cpu_wrapper_over_stock", 0, "wrapper_cpu_us",
		   "wrapper"),
	COMPARE("minimal_add_patched_over_stock", 0, "minimal_add_us"),
	COMPARE("minimal_cpu_patched_over_stock", 0, "minimal_cpu_us"),
	COMPARE("unlisted_patched_over_stock", 0, "unlisted_add_us"),
	COMPARE("unlisted_cpu_patched_over_stock", 0, "unlisted_cpu_us"),
#define CROWD(prefix)                                                          \
	COMPARE(prefix "parallel_adds_patched_over_stock", 0,                  \
		prefix "parallel_adds"),                                       \
	OF_BOTH(prefix, "parallel_adds", "parallel_adds"),                     \
	OF_BOTH(prefix, "daemon_base_kib", "base_kib"),                        \
	OF_BOTH(prefix, "daemon_kib_per_add", "kib_per_add")
#define OF_BOTH(prefix, key, measure)                                          \
	CLUSTER(prefix key "_stock", MEDIAN, 0, prefix measure, "stock",       \
		"stock"),                                                      \
	CLUSTER(prefix key "_patched", MEDIAN, 0, prefix measure,              \
		"patched", "patched")
	CROWD(""),
	CROWD("minimal_"),
};

static void print_machine(void)
{
	struct utsname u;

	if (uname(&u) < 0)
		err(1, "uname");
	printf("\n  \"kernel\": \"%s %s\",\n  \"architecture\": \"%s\",\n"
	       "  \"processors\": %ld",
	       u.sysname, u.release, u.machine, sysconf(_SC_NPROCESSORS_ONLN));
}

static void print_figure(const struct figure *f)
{
	const struct row *of = find(f->mounts, f->parallel, f->of, f->measure);
	const struct row *to = find(f->mounts, f->parallel, f->to, f->measure);
	double value;

	if (!of || !to)
		return;
	value = quantile(of, 0.5);
	if (f->how == RATIO)
		value /= quantile(to, 0.5);
	else if (f->how == DIFFERENCE || f->how == DIFFERENCE_MS)
		value -= quantile(to, 0.5);
	if (f->how == DIFFERENCE_MS || f->how == MEDIAN_MS)
		value /= 1000;
	printf(",\n  \"%s\": %.3f", f->key, value);
}

/* A median, and what it is of the first column's. */
static void write_cell(FILE *f, const struct row *r, const struct row *plain)
{
	double ms = quantile(r, 0.5) / 1000;

	fprintf(f, " %.*f", ms < 20 ? 1 : 0, ms);
	if (r != plain)
		fprintf(f, " (%.2f)", quantile(r, 0.5) / quantile(plain, 0.5));
	fprintf(f, " |");
}

static void write_markdown(const char *path)
{
	static const char *const names[] = { "plain", "copy", "directory",
					     "rule", "bwrap", "unshare" };
	FILE *f = fopen(path, "we");

	if (!f)
		err(1, "%s", path);
	for (size_t i = 0; i < row_count; i++) {
		const struct row *plain = &rows[i];

		if (plain != find(plain->mounts, 1, "plain", "wall_us"))
			continue;
		fprintf(f, "| %d |", plain->mounts);
		for (size_t j = 0; j < sizeof(names) / sizeof(names[0]); j++)
			write_cell(f, find(plain->mounts, 1, names[j], "wall_us"),
				   plain);
		fprintf(f, "\n");
	}
	if (fclose(f))
		err(1, "%s", path);
}

int main(int argc, char **argv)
{
	if (argc != 3)
		errx(2, "usage: summary TABLE MARKDOWN <SAMPLES");
	read_samples();
	write_table(argv[1]);
	write_markdown(argv[2]);
	printf("{");
	print_machine();
	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
		print_figure(&figures[i]);
	printf("\n}\n");
	return 0;
}
