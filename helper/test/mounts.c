// SPDX-License-Identifier: Apache-2.0
#include "harness.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static FILE *open_mountinfo(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mountinfo", pid);
	return fopen(path, "re");
}

/*
 * proc(5): id parent major:minor root point options [tag…] - type source super
 * Kept: point, root, type, source, both options, shared and slave as words.
 */
static char *normalize(char *line)
{
	char *word[32], *save = NULL, *out = NULL;
	int n = 0, dash = 6;
	bool shared = false, slave = false;

	for (char *w = strtok_r(line, " \n", &save); w && n < 31;
	     w = strtok_r(NULL, " \n", &save))
		word[n++] = w;
	for (; dash < n && strcmp(word[dash], "-") != 0; dash++) {
		shared |= !strncmp(word[dash], "shared:", 7);
		slave |= !strncmp(word[dash], "master:", 7);
	}
	if (dash + 3 >= n)
		return NULL;
	if (asprintf(&out, "%s %s %s %s %s %s%s%s", word[4], word[3],
		     word[dash + 1], word[dash + 2], word[5], word[dash + 3],
		     shared ? " shared" : "", slave ? " slave" : "") < 0)
		return NULL;
	return out;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void mounts_take(pid_t pid, struct mounts *ret)
{
	char *line = NULL;
	size_t size = 0;
	FILE *f = open_mountinfo(pid);

	*ret = (struct mounts){ 0 };
	if (!f)
		fail_msg("mountinfo of %d: %s", pid, strerror(errno));
	while (getline(&line, &size, f) > 0) {
		ret->line = realloc(ret->line, (ret->count + 1) *
						       sizeof(*ret->line));
		ret->line[ret->count] = normalize(line);
		assert_non_null(ret->line[ret->count]);
		ret->count++;
	}
	free(line);
	fclose(f);
	qsort(ret->line, ret->count, sizeof(*ret->line), by_text);
}

void mounts_free(struct mounts *m)
{
	for (size_t i = 0; i < m->count; i++)
		free(m->line[i]);
	free(m->line);
	*m = (struct mounts){ 0 };
}

void mounts_share(struct mounts *m)
{
	for (size_t i = 0; i < m->count; i++) {
		char *line = m->line[i], *slave;

		if (strncmp(line, "/hostroot", 9) != 0)
			continue;
		slave = strstr(line, " slave");
		assert_non_null(slave);
		*slave = '\0';
		assert_return_code(
			asprintf(&m->line[i], "%s shared slave", line), 0);
		free(line);
	}
}

/* Prints what is in a and not in b; both are sorted. */
static size_t show_missing(const struct mounts *a, const struct mounts *b,
			   const char *whose, char sign)
{
	size_t i = 0, j = 0, n = 0;

	while (i < a->count) {
		int c = j < b->count ? strcmp(a->line[i], b->line[j]) : -1;

		if (c < 0) {
			print_error("%s: %c %s\n", whose, sign, a->line[i++]);
			n++;
		} else {
			i += !c;
			j++;
		}
	}
	return n;
}

bool mounts_same(const char *whose, const struct mounts *a,
		 const struct mounts *b)
{
	size_t n = show_missing(a, b, whose, '-');

	return n + show_missing(b, a, whose, '+') == 0;
}

void mounts_expect(const char *whose, const struct mounts *before, pid_t pid)
{
	struct mounts now;
	bool same;

	mounts_take(pid, &now);
	same = mounts_same(whose, before, &now);
	mounts_free(&now);
	if (!same)
		fail_msg("%s: mountinfo is not as before", whose);
}

int mounts_on(pid_t pid, const char *path)
{
	char *line = NULL, point[1024];
	size_t size = 0;
	FILE *f = open_mountinfo(pid);
	int n = 0;

	if (!f)
		return -1;
	while (getline(&line, &size, f) > 0)
		n += sscanf(line, "%*s %*s %*s %*s %1023s", point) == 1 &&
		     !strcmp(point, path);
	free(line);
	fclose(f);
	return n;
}
