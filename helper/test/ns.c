// SPDX-License-Identifier: Apache-2.0
#include "harness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ops.h"

static int read_all(int fd, char *out, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, out + len, size - 1 - len)) > 0)
		len += n;
	out[len] = '\0';
	return n;
}

static void script_child(int ns, const char *script, int out)
{
	static char name[] = "script", *argv[] = { name, NULL };
	char why[256];

	ops_argv = argv;
	if (setns(ns, CLONE_NEWNS))
		_exit(2);
	if (out >= 0)
		dup2(out, STDOUT_FILENO);
	_exit(ops_run(script, why));
}

int ns_script(int ns, const char *script, char *out, size_t size)
{
	int p[2] = { -1, -1 }, status;
	pid_t pid;

	if (out)
		assert_return_code(pipe2(p, O_CLOEXEC), errno);
	pid = fork();
	assert_return_code(pid, errno);
	if (!pid)
		script_child(ns, script, p[1]);
	if (out) {
		close(p[1]);
		read_all(p[0], out, size);
		close(p[0]);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void do_script(int ns, const char *whose, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));

static void do_script(int ns, const char *whose, const char *fmt, va_list ap)
{
	char script[4096];
	int status;

	assert_true(vsnprintf(script, sizeof(script), fmt, ap) <
		    (int)sizeof(script));
	status = ns_script(ns, script, NULL, 0);
	if (status)
		fail_msg("on the %s: %s: status %x", whose, script, status);
}

void host_do(struct world *w, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	do_script(w->host_ns, "host", fmt, ap);
	va_end(ap);
}

void daemon_do(struct world *w, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	do_script(w->daemon_ns, "daemon", fmt, ap);
	va_end(ap);
}

bool host_says(struct world *w, const char *script, const char *text)
{
	char out[16384];

	if (ns_script(w->host_ns, script, out, sizeof(out)))
		fail_msg("on the host: %s", script);
	return strstr(out, text);
}

/* Zeros if it is gone. */
static void read_stat(const char *pid, char *ret_state, pid_t *ret_parent)
{
	char path[300], line[512], *end;
	FILE *f;

	*ret_state = 0;
	*ret_parent = 0;
	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	f = fopen(path, "re");
	if (!f)
		return;
	/* The name in parentheses may hold anything. */
	if (fgets(line, sizeof(line), f) && (end = strrchr(line, ')')))
		sscanf(end + 1, " %c %d", ret_state, ret_parent);
	fclose(f);
}

static pid_t parent_of(const char *pid)
{
	pid_t parent;
	char state;

	read_stat(pid, &state, &parent);
	return parent;
}

bool is_traced_stop(pid_t pid)
{
	char number[16];
	pid_t parent;
	char state;

	snprintf(number, sizeof(number), "%d", pid);
	read_stat(number, &state, &parent);
	return state == 't';
}

size_t children(pid_t *ret, size_t max)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	size_t n = 0;

	assert_non_null(d);
	while ((e = readdir(d))) {
		pid_t pid = atoi(e->d_name);

		if (pid <= 0 || parent_of(e->d_name) != getpid())
			continue;
		if (waitpid(pid, NULL, WNOHANG) == pid)
			continue; /* it had ended: reaped */
		if (n < max)
			ret[n++] = pid;
	}
	closedir(d);
	return n;
}

pid_t child_of(pid_t parent)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	pid_t found = 0;

	assert_non_null(d);
	while (!found && (e = readdir(d)))
		if (atoi(e->d_name) > 0 && parent_of(e->d_name) == parent)
			found = atoi(e->d_name);
	closedir(d);
	return found;
}

bool sleeps_in(pid_t pid, long nr)
{
	char path[64];
	long now = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	f = pid ? fopen(path, "re") : NULL;
	if (!f)
		return false;
	if (fscanf(f, "%ld", &now) != 1)
		now = -1; /* it is running */
	fclose(f);
	return now == nr;
}

void wait_asleep(pid_t pid, long nr)
{
	uint64_t deadline = 0;
	bool sleeps;

	do
		sleeps = sleeps_in(pid, nr);
	while (!sleeps && patience(&deadline));
	assert_true(sleeps);
}

long test_stride(void)
{
	const char *given = getenv("TEST_STRIDE");
	long n = given ? atol(given) : 1;

	return n > 0 ? n : 1;
}

uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

bool patience(uint64_t *deadline)
{
	const struct timespec nap = { 0, 1000000 };
	uint64_t now = now_ms();

	if (!*deadline)
		*deadline = now + PATIENCE_MS;
	nanosleep(&nap, NULL);
	return now < *deadline;
}

bool children_gone(void)
{
	uint64_t deadline = 0;
	pid_t pid;

	do {
		while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
			continue;
	} while (!pid && patience(&deadline));
	return pid < 0; /* ECHILD */
}
