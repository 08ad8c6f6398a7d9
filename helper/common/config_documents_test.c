/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The documents of testdata/config, which the schema is tested with as well:
 * all in good/ decode; for each in bad/, EXPECTED lists every mistake as
 * FILE:LINE:COLUMN: KEY: REMEDY, and nothing else is found.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "config.h"

#define FOLDER "helper/common/testdata/config/"
#define GOOD FOLDER "good/"
#define BAD FOLDER "bad/"

#define TEXT_MAX (128 * 1024)

static char *read_file(const char *folder, const char *name, size_t *ret_len)
{
	char path[512], *buf = malloc(TEXT_MAX), *exact;
	FILE *f;

	snprintf(path, sizeof(path), "%s%s", folder, name);
	f = fopen(path, "re");
	if (f == NULL)
		fail_msg("cannot open %s (run from the top folder)", path);
	assert_non_null(buf);
	*ret_len = fread(buf, 1, TEXT_MAX, f);
	assert_true(*ret_len < TEXT_MAX);
	fclose(f);
	/* Without room behind it, so that ASan sees an over-read. */
	exact = malloc(*ret_len > 0 ? *ret_len : 1);
	assert_non_null(exact);
	memcpy(exact, buf, *ret_len);
	free(buf);
	return exact;
}

static int is_document(const struct dirent *d)
{
	size_t len = strlen(d->d_name);

	return len > 5 && strcmp(d->d_name + len - 5, ".json") == 0;
}

/* Calls look for each document; returns how many there were. */
static size_t for_each(const char *folder, void (*look)(const char *name,
							const char *buf,
							size_t len))
{
	struct dirent **names;
	int count = scandir(folder, &names, is_document, alphasort);

	assert_true(count > 0);
	for (int i = 0; i < count; i++) {
		size_t len;
		char *buf = read_file(folder, names[i]->d_name, &len);

		look(names[i]->d_name, buf, len);
		free(buf);
		free(names[i]);
	}
	free(names);
	return (size_t)count;
}

static void decodes(const char *name, const char *buf, size_t len)
{
	static struct config_mistakes m;
	struct config c;

	if (config_decode(buf, len, &c, &m) < 0)
		fail_msg("%s:%zu:%zu: %s: %s", name, m.items[0].line,
			 m.items[0].column, m.items[0].key, m.items[0].text);
	config_free(&c);
}

static void good_documents_decode(void **state)
{
	(void)state;
	assert_true(for_each(GOOD, decodes) >= 8);
}

static char *expected; /* NUL behind it */
static size_t expected_used;

/* The lines of one document, together. */
static const char *find_expected(const char *name, size_t *ret_len)
{
	size_t name_len = strlen(name);
	const char *p = expected, *begin = NULL;

	*ret_len = 0;
	while (*p != '\0') {
		size_t len = strcspn(p, "\n") + 1;

		if (strncmp(p, name, name_len) == 0 && p[name_len] == ':') {
			if (begin == NULL)
				begin = p;
			*ret_len += len;
		}
		p += len;
	}
	return begin;
}

static size_t format(const char *name, const struct config_mistakes *m,
		     char *out, size_t size)
{
	size_t len = 0;

	for (size_t i = 0; i < m->count; i++) {
		const struct config_mistake *at = &m->items[i];

		len += (size_t)snprintf(out + len, size - len,
					"%s:%zu:%zu: %s: %s\n", name, at->line,
					at->column, at->key, at->text);
		assert_true(len < size);
	}
	return len;
}

static void is_refused(const char *name, const char *buf, size_t len)
{
	static struct config_mistakes m;
	const char *want;
	char got[4096];
	struct config c;
	size_t want_len, got_len;

	if (config_decode(buf, len, &c, &m) == 0)
		fail_msg("%s is accepted", name);
	want = find_expected(name, &want_len);
	got_len = format(name, &m, got, sizeof(got));
	if (got_len != want_len || memcmp(want, got, got_len) != 0)
		fail_msg("found:\n%sinstead of:\n%.*s", got, (int)want_len,
			 want == NULL ? "" : want);
	expected_used += want_len;
}

static void bad_documents_are_refused(void **state)
{
	char *text;
	size_t len;

	(void)state;
	text = read_file(BAD, "EXPECTED", &len);
	expected = calloc(1, len + 1);
	assert_non_null(expected);
	memcpy(expected, text, len);
	free(text);
	assert_true(for_each(BAD, is_refused) >= 100);
	/* No line of a document that is not there. */
	assert_int_equal(expected_used, len);
	free(expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_documents_decode),
		cmocka_unit_test(bad_documents_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
