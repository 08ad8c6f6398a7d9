/* SPDX-License-Identifier: Apache-2.0 */
#include "expand.h"

#include <string.h>

#include "delegate-credentials.h"

/* What is being written. */
struct text {
	char *buf;
	size_t room; /* for the NUL as well */
};

static int put(struct text *t, const char *s, size_t len, struct err *e)
{
	if (len >= t->room)
		return err_set(e, DC_CODE_CONFIG,
			       "shorten the value: it is too long when its "
			       "$(NAME) are expanded");
	memcpy(t->buf, s, len);
	t->buf += len;
	t->room -= len;
	return 0;
}

/* What stands at a dollar; *p is moved behind it. */
static int put_reference(struct text *t, const char **p,
			 const struct expand_scope *scope, struct err *e)
{
	const char *start = *p, *end, *value;

	if (start[1] == '$') {
		*p += 2;
		return put(t, "$", 1, e);
	}
	end = start[1] == '(' ? strchr(start, ')') : NULL;
	if (end == NULL) {
		*p += 1;
		return put(t, "$", 1, e);
	}
	*p = end + 1;
	value = scope->lookup(scope->arg, start + 2,
			      (size_t)(end - start - 2));
	if (value == NULL)
		return put(t, start, (size_t)(*p - start), e);
	return put(t, value, strlen(value), e);
}

int expand(const char *text, const struct expand_scope *scope, char *out,
	   size_t size, struct err *e)
{
	struct text t = { out, size };
	const char *p = text;

	while (*p != '\0') {
		size_t len = strcspn(p, "$");

		if (put(&t, p, len, e) < 0)
			return -1;
		p += len;
		if (*p == '$' && put_reference(&t, &p, scope, e) < 0)
			return -1;
	}
	if (put(&t, "", 0, e) < 0)
		return -1;
	*t.buf = '\0';
	return 0;
}
