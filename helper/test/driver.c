/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs pure functions of helper/common/ for tests in other languages. A
 * request on stdin is a number of arguments and each one's length and bytes;
 * the answer on stdout is a code, 0 or one of enum dc_code, and the length and
 * bytes of a result or a message. Numbers are 32 bits, little endian.
 *
 *   edit DOCUMENT KEY VALUE...      the edited document
 *   choice DOCUMENT SERVED...       the choice that netconf_read finds
 *   kubeconfig HOST PORT CONTEXT NAMESPACE TOKEN CA
 */
#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/kubeconfig.h"
#include "../common/netconf.h"
#include "../common/netconf_edit.h"

#define MAX_ARGS 256
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct request {
	const char *args[MAX_ARGS]; /* with a NUL behind each */
	size_t lens[MAX_ARGS];
	size_t count;
};

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "driver: %s\n", what);
	exit(1);
}

/* What runs out here is an error of the test's. */
static void *must_alloc(size_t size)
{
	void *p = malloc(size);

	if (p == NULL)
		die("no memory");
	return p;
}

static bool read_number(uint32_t *ret)
{
	if (fread(ret, sizeof(*ret), 1, stdin) != 1)
		return false;
	*ret = le32toh(*ret);
	return true;
}

static bool read_request(struct request *ret)
{
	uint32_t count, len;

	if (!read_number(&count))
		return false;
	if (count == 0 || count > MAX_ARGS)
		die("a bad number of arguments");
	ret->count = count;
	for (size_t i = 0; i < count; i++) {
		char *arg;

		if (!read_number(&len))
			die("a request that ends early");
		arg = must_alloc((size_t)len + 1);
		if (fread(arg, 1, len, stdin) != len)
			die("a request that ends early");
		arg[len] = '\0';
		ret->args[i] = arg;
		ret->lens[i] = len;
	}
	return true;
}

static void free_request(struct request *q)
{
	for (size_t i = 0; i < q->count; i++)
		free((void *)q->args[i]);
}

static void answer(uint32_t code, const char *data, size_t len)
{
	uint32_t head[] = { htole32(code), htole32((uint32_t)len) };

	if (fwrite(head, sizeof(head), 1, stdout) != 1 ||
	    fwrite(data, 1, len, stdout) != len || fflush(stdout) != 0)
		die("stdout is closed");
}

static void answer_text(int r, const char *text, const struct err *e)
{
	if (r < 0)
		answer((uint32_t)e->code, e->msg, strlen(e->msg));
	else
		answer(0, text, strlen(text));
}

/* The edited document, as it grows. */
struct output {
	char *data;
	size_t len;
};

static int take(void *arg, const char *data, size_t len, struct err *e)
{
	struct output *o = arg;

	(void)e;
	o->data = realloc(o->data, o->len + len);
	if (o->data == NULL)
		die("no memory");
	memcpy(o->data + o->len, data, len);
	o->len += len;
	return 0;
}

static void run_edit(const struct request *q)
{
	struct netconf_value values[MAX_ARGS / 2];
	struct output o = { NULL, 0 };
	const struct netconf_sink sink = { take, &o };
	struct err e = ERR_INIT;
	size_t count = 0;

	for (size_t i = 2; i + 1 < q->count; i += 2)
		values[count++] = (struct netconf_value){ q->args[i],
							  q->args[i + 1] };
	if (netconf_edit(q->args[1], q->lens[1], values, count, &sink, &e) < 0)
		answer_text(-1, NULL, &e);
	else
		answer(0, o.data, o.len);
	free(o.data);
}

static void run_choice(const struct request *q)
{
	struct config_kubeconfig kubeconfig = {
		.config_keys = { (const char **)q->args + 2, q->count - 2 },
	};
	const struct config_rule rule = { .kubeconfig = &kubeconfig };
	struct err e = ERR_INIT;
	struct netconf n;
	int r = netconf_read(q->args[1], q->lens[1], &rule, &n, &e);

	answer_text(r, n.choice, &e);
}

static void run_kubeconfig(const struct request *q)
{
	const struct kubeconfig k = {
		.host = q->args[1],
		.port = q->args[2],
		.context_name = q->args[3],
		.namespace = q->args[4],
		.token_file = q->args[5],
		.certificate_authority = q->args[6],
	};
	char text[KUBECONFIG_MAX];
	struct err e = ERR_INIT;

	answer_text(kubeconfig_format(&k, text, sizeof(text), &e), text, &e);
}

static const struct {
	const char *name;
	size_t least_args;
	void (*run)(const struct request *q);
} calls[] = {
	{ "edit", 4, run_edit },
	{ "choice", 2, run_choice },
	{ "kubeconfig", 7, run_kubeconfig },
};

static void run(const struct request *q)
{
	for (size_t i = 0; i < COUNT(calls); i++) {
		if (!strcmp(q->args[0], calls[i].name) &&
		    q->count >= calls[i].least_args) {
			calls[i].run(q);
			return;
		}
	}
	die("no such call");
}

int main(void)
{
	struct request q;

	while (read_request(&q)) {
		run(&q);
		free_request(&q);
	}
	return 0;
}
