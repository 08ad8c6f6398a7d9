// SPDX-License-Identifier: Apache-2.0
#include "ops.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int op_print(char *const *w)
{
	return dprintf(STDOUT_FILENO, "%s\n", w[0]) < 0 ? -1 : 0;
}

static int op_warn(char *const *w)
{
	return dprintf(STDERR_FILENO, "%s\n", w[0]) < 0 ? -1 : 0;
}

static int op_exit(char *const *w)
{
	_exit(atoi(w[0]));
}

/* die N: ends itself by signal N, whatever was done with it before. */
static int op_die(char *const *w)
{
	int sig = atoi(w[0]);

	signal(sig, SIG_DFL);
	return raise(sig);
}

/* traceme: whoever started us hears of each signal, and we stop at it. */
static int op_traceme(char *const *w)
{
	(void)w;
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 ? -1 : 0;
}

static int op_ignore(char *const *w)
{
	return signal(atoi(w[0]), SIG_IGN) == SIG_ERR ? -1 : 0;
}

static int term_fd = -1;

static void on_term(int sig)
{
	(void)sig;
	if (write(term_fd, "term", 4) != 4)
		_exit(9);
}

/* catch-term PATH: SIGTERM writes "term" to PATH and does not end us. */
static int op_catch_term(char *const *w)
{
	struct sigaction sa = { .sa_handler = on_term,
				.sa_flags = SA_RESTART };

	term_fd = open(w[0], O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0644);
	return term_fd < 0 ? -1 : sigaction(SIGTERM, &sa, NULL);
}

/* flood FD BYTES: a pattern of that length. */
static int op_flood(char *const *w)
{
	size_t left = strtoul(w[1], NULL, 10);
	char buf[8192];

	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = "0123456789abcdef\n"[i % 17];
	while (left) {
		ssize_t n = write(atoi(w[0]), buf,
				  left < sizeof(buf) ? left : sizeof(buf));

		if (n < 0)
			return -1;
		left -= n;
	}
	return 0;
}

static int op_close(char *const *w)
{
	return close(atoi(w[0]));
}

/* uid N: from here on as that user. */
static int op_uid(char *const *w)
{
	uid_t uid = strtoul(w[0], NULL, 10);

	return setresuid(uid, uid, uid);
}

static int fifo_byte(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);
	char c = '.';
	ssize_t n;

	if (fd < 0)
		return -1;
	n = flags == O_WRONLY ? write(fd, &c, 1) : read(fd, &c, 1);
	close(fd);
	return n == 1 ? 0 : -1;
}

/* ready: tells the harness that this point is reached. */
static int op_ready(char *const *w)
{
	(void)w;
	return fifo_byte(OPS_READY, O_WRONLY);
}

/* wait: until the harness says go. */
static int op_wait(char *const *w)
{
	(void)w;
	return fifo_byte(OPS_GO, O_RDONLY);
}

/* wait-last: the same, for what a delegate leaves behind. */
static int op_wait_last(char *const *w)
{
	(void)w;
	return fifo_byte(OPS_LAST, O_RDONLY);
}

/* sleep MILLISECONDS */
static int op_sleep(char *const *w)
{
	long ms = atol(w[0]);
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&t, &t))
		if (errno != EINTR)
			return -1;
	return 0;
}

/* echo: prints the netconf, byte for byte. */
static int op_echo(char *const *w)
{
	const char *buf;
	unsigned long len, done = 0;

	(void)w;
	if (ops_stdin(&buf, &len))
		return -1;
	while (done < len) {
		ssize_t n = write(STDOUT_FILENO, buf + done, len - done);

		if (n < 0)
			return -1;
		done += n;
	}
	return 0;
}

/* write-stdin: tries to change the netconf under everybody's feet. */
static int op_write_stdin(char *const *w)
{
	(void)w;
	return pwrite(STDIN_FILENO, "x", 1, 0) == 1 ? 0 : -1;
}

static void show_file(const char *path)
{
	char line[4096];
	FILE *f = fopen(path, "re");

	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		dprintf(STDOUT_FILENO, "%s %s\n", path + strlen("/proc/self/"),
			line);
	}
	fclose(f);
}

static int not_dot(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

/* The links of /proc/self/DIR but the one to the directory being read. */
static void show_links(const char *dir)
{
	struct dirent **name;
	int n = scandir(dir, &name, not_dot, alphasort);
	char path[600], to[256];

	for (int i = 0; i < n; i++) {
		ssize_t len;

		snprintf(path, sizeof(path), "%s/%s", dir, name[i]->d_name);
		len = readlink(path, to, sizeof(to) - 1);
		/* scandir's own descriptor is closed by now. */
		if (len > 0) {
			to[len] = '\0';
			dprintf(STDOUT_FILENO, "%s %s\n",
				path + strlen("/proc/self/"), to);
		}
		free(name[i]);
	}
	if (n >= 0)
		free(name);
}

static void show_signals(void)
{
	struct sigaction sa;

	for (int sig = 1; sig < NSIG; sig++)
		if (!sigaction(sig, NULL, &sa) && sa.sa_handler != SIG_DFL)
			dprintf(STDOUT_FILENO, "signal %d %s\n", sig,
				sa.sa_handler == SIG_IGN ? "ignored"
							 : "handled");
}

static void show_environ(void)
{
	for (char **e = environ; *e; e++)
		dprintf(STDOUT_FILENO, "environ %s\n", *e);
	for (char **a = ops_argv; *a; a++)
		dprintf(STDOUT_FILENO, "argv %s\n", *a);
}

/* self: prints all that a process can see of how it was started. */
static int op_self(char *const *w)
{
	static const char *const files[] = {
		"/proc/self/status",	    "/proc/self/limits",
		"/proc/self/cgroup",	    "/proc/self/oom_score_adj",
		"/proc/self/personality",   "/proc/self/coredump_filter",
		"/proc/self/timerslack_ns", "/proc/self/comm",
		"/proc/self/loginuid",	    "/proc/self/sessionid",
		"/proc/self/attr/current",
	};
	char cwd[4096];
	mode_t mask = umask(0);
	int death = 0;

	(void)w;
	umask(mask);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		show_file(files[i]);
	show_links("/proc/self/ns");
	show_links("/proc/self/fd");
	show_signals();
	show_environ();
	prctl(PR_GET_PDEATHSIG, &death);
	dprintf(STDOUT_FILENO, "cwd %s\n", getcwd(cwd, sizeof(cwd)));
	dprintf(STDOUT_FILENO, "umask %03o\npdeathsig %d\n", mask, death);
	dprintf(STDOUT_FILENO, "dumpable %d\nsecurebits %d\nsubreaper %d\n",
		prctl(PR_GET_DUMPABLE), prctl(PR_GET_SECUREBITS),
		prctl(PR_GET_CHILD_SUBREAPER, &death) ? -1 : death);
	return 0;
}

const struct op ops_proc[] = {
	{ "print", 1, op_print },   { "warn", 1, op_warn },
	{ "exit", 1, op_exit },	    { "die", 1, op_die },
	{ "traceme", 0, op_traceme },
	{ "ignore", 1, op_ignore }, { "catch-term", 1, op_catch_term },
	{ "flood", 2, op_flood },   { "close", 1, op_close },
	{ "ready", 0, op_ready },   { "wait", 0, op_wait },
	{ "sleep", 1, op_sleep },   { "echo", 0, op_echo },
	{ "wait-last", 0, op_wait_last }, { "uid", 1, op_uid },
	{ "self", 0, op_self },	    { "write-stdin", 0, op_write_stdin },
	{ NULL, 0, NULL },
};
