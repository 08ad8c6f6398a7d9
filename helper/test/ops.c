// SPDX-License-Identifier: Apache-2.0
#include "ops.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_WORDS 8

char **ops_argv;

static const struct op *const tables[] = {
	ops_file,
	ops_mount,
	ops_proc,
	ops_client,
};

static const struct op *op_find(const char *name)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (const struct op *op = tables[i]; op->name; op++)
			if (!strcmp(op->name, name))
				return op;
	return NULL;
}

static int split(char *statement, char **word)
{
	char *save = NULL;
	int n = 0;

	for (char *w = strtok_r(statement, " \n\t", &save); w && n < MAX_WORDS;
	     w = strtok_r(NULL, " \n\t", &save))
		word[n++] = w;
	word[n] = NULL;
	return n;
}

/* Returns 0 in the parent, which skips to "done", and 1 in the child. */
static int op_fork(bool session)
{
	pid_t pid = fork();

	if (pid < 0)
		return -1;
	if (pid)
		return 0;
	if (session)
		setsid();
	return 1;
}

static int run_one(char **word, int n)
{
	bool try = !strcmp(word[0], "try");
	const struct op *op;
	int r;

	if (try) {
		word++;
		n--;
	}
	op = n ? op_find(word[0]) : NULL;
	if (!op || n - 1 != op->words) {
		errno = ENOSYS;
		return -1;
	}
	r = op->run(word + 1);
	if (!try)
		return r;
	dprintf(STDOUT_FILENO, "%s %s\n", word[0],
		r ? strerrorname_np(errno) : "ok");
	return 0;
}

static int run_words(char **word, int n, bool *skip, bool *child)
{
	int r;

	if (!strcmp(word[0], "done")) {
		if (*child)
			_exit(0);
		*skip = false;
		return 0;
	}
	if (*skip)
		return 0;
	if (strcmp(word[0], "fork") != 0 && strcmp(word[0], "daemon") != 0)
		return run_one(word, n);
	r = op_fork(!strcmp(word[0], "daemon"));
	*child = r == 1;
	*skip = r == 0;
	return r < 0 ? -1 : 0;
}

int ops_run(const char *script, char why[256])
{
	char *copy = strdup(script), *save = NULL, *word[MAX_WORDS + 1];
	bool skip = false, child = false;

	for (char *s = strtok_r(copy, ";", &save); s;
	     s = strtok_r(NULL, ";", &save)) {
		int n = split(s, word);

		if (!n || !run_words(word, n, &skip, &child))
			continue;
		snprintf(why, 256, "%s %s: %s", word[0], n > 1 ? word[1] : "",
			 strerror(errno));
		dprintf(STDERR_FILENO, "%s\n", why);
		free(copy);
		if (child)
			_exit(1);
		return 1;
	}
	free(copy);
	return 0;
}

int ops_stdin(const char **ret_buf, unsigned long *ret_len)
{
	static char *buf;
	static size_t len;
	static bool done;
	size_t room = 0;
	ssize_t n;

	while (!done) {
		if (len == room) {
			room = room ? room * 2 : 65536;
			buf = realloc(buf, room);
			if (!buf)
				return -1;
		}
		n = read(STDIN_FILENO, buf + len, room - len);
		if (n < 0)
			return -1;
		len += n;
		done = !n;
	}
	*ret_buf = buf;
	*ret_len = len;
	return 0;
}
