/* SPDX-License-Identifier: Apache-2.0 */
/* How long a text may be, and one character more; and sources of two kinds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "config.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* %s: the text. */
#define DOCUMENT(audience, deliver, more)                                      \
	"{\"apiVersion\":\"" CONFIG_API_VERSION "\",\"kind\":\"" CONFIG_KIND   \
	"\",\"rules\":[{\"name\":\"r\",\"matchPlugins\":[\"p\"],\"sources\":"  \
	"[{\"serviceAccountToken\":{\"namespace\":\"n\","                      \
	"\"serviceAccountName\":\"s\",\"audience\":\"" audience "\","          \
	"\"path\":\"token\"}}],\"deliver\":{" deliver "}" more "}]}"
#define ENV(name) "\"env\":[{\"name\":\"" name "\",\"value\":\"v\"}]"
#define ENV_VALUE(value) "\"env\":[{\"name\":\"A\",\"value\":\"" value "\"}]"
#define NEED(verb)                                                             \
	",\"needs\":[{\"apiGroups\":[\"\"],\"resources\":[\"pods\"],"          \
	"\"verbs\":[\"" verb "\"]}]"
#define SOURCE(source)                                                         \
	"{\"apiVersion\":\"" CONFIG_API_VERSION "\",\"kind\":\"" CONFIG_KIND   \
	"\",\"rules\":[{\"name\":\"r\",\"matchPlugins\":[\"p\"],\"sources\":[" \
	source "],\"deliver\":{" ENV("A") "}}]}"

static struct config_mistakes mistakes;

/* Returns how many mistakes there are. */
static size_t decode(const char *format, const char *text)
{
	const char *hole = strstr(format, "%s");
	char doc[8192];
	struct config config;

	snprintf(doc, sizeof(doc), "%.*s%s%s",
		 hole ? (int)(hole - format) : 0, format, text,
		 hole ? hole + 2 : "");
	if (config_decode(doc, strlen(doc), &config, &mistakes) == 0)
		config_free(&config);
	return mistakes.count;
}

static const struct {
	const char *format;
	const char *unit; /* the text is made of it */
	size_t max;
} limits[] = {
	{ DOCUMENT("%s", ENV("A"), ""), "a", 1024 },
	{ DOCUMENT("a", ENV("%s"), ""), "A", 253 },
	{ DOCUMENT("a", ENV("A"), ",\"credentialKeys\":[\"%s\"]"), "k", 253 },
	{ DOCUMENT("a", ENV("A"), NEED("%s")), "v", 63 },
};

static void texts_have_a_longest(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(limits); i++) {
		char text[2048] = "";

		for (size_t n = 0; n < limits[i].max; n++)
			strcat(text, limits[i].unit);
		if (decode(limits[i].format, text) != 0)
			fail_msg("limit %zu: %s", i, mistakes.items[0].text);
		strcat(text, limits[i].unit);
		if (decode(limits[i].format, text) != 1)
			fail_msg("limit %zu: no mistake", i);
	}
}

#define EXPIRATION(seconds)                                                    \
	SOURCE("{\"serviceAccountToken\":{\"namespace\":\"n\","               \
	       "\"serviceAccountName\":\"s\",\"path\":\"token\","             \
	       "\"expirationSeconds\":" seconds "}}")

/* Two to the 64th more is another number. */
static void a_number_does_not_wrap(void **state)
{
	(void)state;
	assert_int_equal(decode("", EXPIRATION("3600")), 0);
	assert_int_equal(decode("", EXPIRATION("18446744073709555216")), 1);
}

static void no_delete_character(void **state)
{
	(void)state;
	assert_int_equal(decode(DOCUMENT("%s", ENV("A"), ""), "a~"), 0);
	assert_int_equal(decode(DOCUMENT("%s", ENV("A"), ""), "a\x7f"), 1);
	assert_int_equal(decode(SOURCE("{\"directory\":{\"path\":\"%s\"}}"),
				"/a\x7f"),
			 1);
}

/* The characters around digits and letters. */
static void four_hexadecimal_digits(void **state)
{
	(void)state;
	assert_int_equal(decode(DOCUMENT("%s", ENV("A"), ""), "\\u004F"), 0);
	assert_int_equal(decode(DOCUMENT("%s", ENV("A"), ""), "\\u004@"), 1);
	assert_int_equal(decode(DOCUMENT("%s", ENV("A"), ""), "\\u004:"), 1);
	assert_int_equal(decode(DOCUMENT("%s", ENV("A"), ""), "\\u004G"), 1);
}

#define TOKEN                                                                  \
	"\"serviceAccountToken\":{\"namespace\":\"n\","                        \
	"\"serviceAccountName\":\"s\",\"path\":\"token\"}"
#define MAP(items)                                                             \
	"\"configMap\":{\"namespace\":\"n\",\"name\":\"m\",\"items\":" items "}"
#define ITEMS "[{\"key\":\"k\",\"path\":\"p\"}]"
#define DIRECTORY "\"directory\":{\"path\":\"/d\"}"

static const struct {
	const char *doc;
	size_t mistakes;
} sources[] = {
	{ SOURCE("{" TOKEN "},{" MAP(ITEMS) "}"), 0 },
	{ SOURCE("{" MAP(ITEMS) "," TOKEN "}"), 1 },
	{ SOURCE("{" TOKEN "," MAP(ITEMS) "}"), 1 },
	{ SOURCE("{" MAP(ITEMS) "," DIRECTORY "}"), 1 },
	{ SOURCE("{" TOKEN "," DIRECTORY "}"), 1 },
	{ SOURCE("{" TOKEN "},{" MAP("\"p\"") "}"), 1 },
	{ SOURCE("{" TOKEN "},{" MAP("{}") "}"), 1 },
};

static void a_source_is_of_one_kind(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(sources); i++)
		if (decode("", sources[i].doc) != sources[i].mistakes)
			fail_msg("%s: %zu mistakes, the last: %s",
				 sources[i].doc, mistakes.count,
				 mistakes.items[mistakes.count - 1].text);
}

static void a_reference_is_one_of_the_names(void **state)
{
	(void)state;
	assert_int_equal(
		decode("", DOCUMENT("a", ENV_VALUE("$(CREDENTIALS_DIRECTORY)"),
				    "")),
		0);
	assert_int_equal(
		decode("", DOCUMENT("a", ENV_VALUE("$(CREDENTIALS_DIRECTORX)"),
				    "")),
		1);
}

/* Nothing is said of what could not be read to its end. */
static void broken_json_is_one_mistake(void **state)
{
	(void)state;
	assert_int_equal(decode("", DOCUMENT("a", ENV_VALUE("$(B)") ",", "")),
			 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_have_a_longest),
		cmocka_unit_test(a_number_does_not_wrap),
		cmocka_unit_test(no_delete_character),
		cmocka_unit_test(four_hexadecimal_digits),
		cmocka_unit_test(a_source_is_of_one_kind),
		cmocka_unit_test(a_reference_is_one_of_the_names),
		cmocka_unit_test(broken_json_is_one_mistake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
