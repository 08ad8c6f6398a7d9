/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cleantext.h"

/* No object's name has as many letters in a row, unbroken by a dot. */
#define SECRET_RUN 64

#define HIDDEN "[hidden]"

static bool is_token_char(unsigned char c)
{
	return isalnum(c) || (c != '\0' && strchr("-_.~+/=", c));
}

/* How many bytes at s could be one token; 0 where it looks like none. */
static size_t secret_len(const char *s, size_t len)
{
	size_t run = 0, longest = 0, part = 0;

	while (run < len && is_token_char((unsigned char)s[run])) {
		part = s[run] == '.' || s[run] == '/' ? 0 : part + 1;
		longest = part > longest ? part : longest;
		run++;
	}
	if (longest >= SECRET_RUN || (run >= 8 && !memcmp(s, "eyJ", 3)))
		return run;
	return 0;
}

/* Puts s behind what is there; false where it does not fit. */
static bool put(char *ret, size_t size, size_t *used, const char *s, size_t len)
{
	if (*used + len >= size)
		return false;
	memcpy(ret + *used, s, len);
	*used += len;
	return true;
}

static size_t word_len(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && is_token_char((unsigned char)s[n]))
		n++;
	return n;
}

/* What follows "Bearer " is a token, whatever it looks like. */
static size_t put_bearer(const char *in, size_t word, size_t len, char *ret,
			 size_t size, size_t *used, bool *fits)
{
	static const char scheme[] = "bearer";
	size_t token;

	if (word != strlen(scheme) || strncasecmp(in, scheme, word) != 0 ||
	    word == len || in[word] != ' ')
		return 0;
	token = word_len(in + word + 1, len - word - 1);
	if (!token)
		return 0;
	if (*fits)
		*fits = put(ret, size, used, " " HIDDEN, strlen(" " HIDDEN));
	return 1 + token;
}

/* One word, or one character that is none; how much of the input it was. */
static size_t put_next(const char *in, size_t len, char *ret, size_t size,
		       size_t *used, bool *fits)
{
	size_t secret = secret_len(in, len), word;
	unsigned char c = (unsigned char)in[0];

	if (secret) {
		*fits = put(ret, size, used, HIDDEN, strlen(HIDDEN));
		return secret;
	}
	word = word_len(in, len);
	if (word) {
		for (size_t i = 0; i < word && *fits; i++)
			*fits = put(ret, size, used, in + i, 1);
		return word + put_bearer(in, word, len, ret, size, used, fits);
	}
	if (isspace(c))
		*fits = *used == 0 || ret[*used - 1] == ' ' ||
			put(ret, size, used, " ", 1);
	else
		*fits = put(ret, size, used, isprint(c) ? in : "?", 1);
	return 1;
}

void cleantext(const char *in, size_t len, char *ret, size_t size)
{
	size_t used = 0;
	bool fits = true;

	while (len > 0 && fits) {
		size_t n = put_next(in, len, ret, size, &used, &fits);

		in += n;
		len -= n;
	}
	while (used > 0 && ret[used - 1] == ' ')
		used--;
	ret[used] = '\0';
	if (!fits && used >= 3)
		memcpy(ret + used - 3, "...", 3);
}

/* Without quotes it is no Warning; then the value counts as it is. */
void cleantext_warning(const char *value, char *ret, size_t size)
{
	const char *from = strchr(value, '"');
	char text[1024];
	size_t len = 0;

	if (!from) {
		cleantext(value, strlen(value), ret, size);
		return;
	}
	for (from++; *from && *from != '"' && len < sizeof(text); from++) {
		if (*from == '\\' && from[1])
			from++;
		text[len++] = *from;
	}
	cleantext(text, len, ret, size);
}
