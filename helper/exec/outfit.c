/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "delegate-credentials.h"
#include "fd.h"
#include "outfit.h"

static int no_memory(struct err *e)
{
	return err_set(e, DC_CODE_INTERNAL,
		       "give the caller's container more memory: the "
		       "delegate's environment has no room");
}

static size_t count_strings(char *const *strings)
{
	size_t n = 0;

	while (strings[n])
		n++;
	return n;
}

/* Whether the plan says what becomes of this variable ("NAME=VALUE"). */
static bool is_planned(const struct plan *p, const char *variable)
{
	size_t len = strcspn(variable, "=");

	for (size_t i = 0; i < p->count; i++) {
		const struct plan_op *op = &p->ops[i];

		if (op->kind == PLAN_ENV && strlen(op->path) == len &&
		    !strncmp(op->path, variable, len))
			return true;
	}
	return false;
}

static char *make_variable(const struct plan_op *op, struct arena *a)
{
	size_t size = strlen(op->path) + strlen(op->text) + sizeof("=");
	char *variable = arena_alloc(a, size);

	if (variable)
		snprintf(variable, size, "%s=%s", op->path, op->text);
	return variable;
}

/* The caller's variables that the plan leaves alone, then the plan's. */
static int make_environment(const struct plan *p, struct arena *a, char ***ret,
			    struct err *e)
{
	size_t room = count_strings(environ) + p->count + 1;
	char **all = arena_alloc(a, room * sizeof(*all));
	size_t n = 0;

	if (!all)
		return no_memory(e);
	for (char **v = environ; *v; v++)
		if (!is_planned(p, *v))
			all[n++] = *v;
	for (size_t i = 0; i < p->count; i++) {
		if (p->ops[i].kind != PLAN_ENV || !p->ops[i].text)
			continue;
		all[n] = make_variable(&p->ops[i], a);
		if (!all[n++])
			return no_memory(e);
	}
	all[n] = NULL;
	*ret = all;
	return 0;
}

static int edit_input(const struct plan *p, const struct input *in,
		      struct outfit *ret, struct err *e)
{
	struct netconf_value values[NETCONF_EDIT_MAX];
	size_t n = 0;
	int fd;

	for (size_t i = 0; i < p->count && n < NETCONF_EDIT_MAX; i++)
		if (p->ops[i].kind == PLAN_CONF_KEY)
			values[n++] = (struct netconf_value){ p->ops[i].path,
							      p->ops[i].text };
	if (!n)
		return 0;
	fd = input_edit(in, values, n, e);
	if (fd < 0)
		return -1;
	ret->input = fd;
	ret->owns_input = true;
	return 0;
}

void outfit_plain(const struct input *in, struct outfit *ret)
{
	*ret = (struct outfit){ environ, in->fd, false };
}

int outfit_make(const struct plan *p, const struct input *in, struct arena *a,
		struct outfit *ret, struct err *e)
{
	outfit_plain(in, ret);
	if (!plan_find(p, PLAN_ENV))
		return 0;
	if (make_environment(p, a, &ret->environment, e) < 0)
		return -1;
	return edit_input(p, in, ret, e);
}

void outfit_release(struct outfit *o)
{
	if (o->owns_input)
		fd_close(&o->input);
}
