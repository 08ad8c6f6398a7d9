// SPDX-License-Identifier: Apache-2.0
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEFAULT_NETCONF                                                        \
	"{\"cniVersion\":\"1.0.0\",\"name\":\"net\",\"type\":\"userspace\"}"
#define MAX_WORDS 24

/* The pipes' ends that become 0 to 3 of the child. */
struct ends {
	int fd[4];
};

static void make_pipe(int *ours, int *theirs, bool to_child)
{
	int p[2];

	assert_return_code(pipe2(p, O_CLOEXEC), errno);
	*ours = p[to_child ? 1 : 0];
	*theirs = p[to_child ? 0 : 1];
	fcntl(*ours, F_SETFL, O_NONBLOCK);
}

static size_t helper_argv(const struct call *c, const char **argv,
			  char text[3][2048])
{
	size_t n = 0;

	snprintf(text[0], sizeof(text[0]), "--types=%s", c->types ?: "userspace,,,");
	snprintf(text[1], sizeof(text[1]), "--directory=%s",
		 c->directory ?: DC_SERVICE_ACCOUNT_DIR);
	if (c->config)
		snprintf(text[1], sizeof(text[1]), "--config=%s", c->config);
	snprintf(text[2], sizeof(text[2]), "--store=%s",
		 c->store ?: WORLD_STORE);
	argv[n++] = WORLD_HELPER;
	if (c->argv) {
		for (; c->argv[n - 1]; n++)
			argv[n] = c->argv[n - 1];
		return n;
	}
	argv[n++] = text[1];
	if (c->config)
		argv[n++] = text[2];
	if (c->strict)
		argv[n++] = "--strict";
	argv[n++] = "--root=/hostroot";
	argv[n++] = text[0];
	argv[n++] = "--";
	argv[n++] = c->plugin ?: WORLD_PLUGIN;
	return n;
}

/* The variables that Multus' daemon has, and the delegate's instructions. */
static void set_environment(const struct call *c)
{
	const char *asan = getenv("ASAN_OPTIONS");
	char *keep = asan ? strdup(asan) : NULL;

	clearenv();
	if (keep)
		setenv("ASAN_OPTIONS", keep, 1);
	if (c->script)
		setenv("DELEGATE_DO", c->script, 1);
	setenv("PATH", "/usr/bin:/bin", 1);
	setenv("CNI_COMMAND", c->command ?: "ADD", 1);
	setenv("CNI_CONTAINERID", "c0ffee", 1);
	setenv("CNI_NETNS", "/run/netns/pod", 1);
	setenv("CNI_IFNAME", "net1", 1);
	setenv("CNI_PATH", "/opt/cni/bin", 1);
	setenv("CNI_ARGS",
	       "IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web-0", 1);
	setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1", 1);
	setenv("KUBERNETES_SERVICE_PORT", "443", 1);
	for (size_t i = 0; c->env && c->env[i]; i++)
		putenv(strdup(c->env[i]));
}

static void set_descriptors(const struct call *c, const struct ends *e)
{
	int fd[4];

	/* First above what they will become, then down: none is lost. */
	for (int i = 0; i < 4; i++)
		fd[i] = fcntl(e->fd[i], F_DUPFD_CLOEXEC, 100);
	for (int i = 0; i < 4; i++)
		dup2(fd[i], i);
	syscall(SYS_close_range, 4, ~0U, 0);
	if (c->no_report || c->stock)
		close(3);
	if (c->leak_fds) {
		open("/proc/self/environ", O_RDONLY);
		dup2(0, 17);
		dup2(0, 1000);
	}
}

static void child(struct world *w, const struct call *c, const struct ends *e)
{
	const char *argv[MAX_WORDS] = { c->plugin ?: WORLD_PLUGIN };
	char text[3][2048];
	size_t n = 1;

	if (setns(c->on_host ? w->host_ns : w->daemon_ns, CLONE_NEWNS))
		_exit(120);
	if (!c->stock)
		n = helper_argv(c, argv, text);
	else if (chroot("/hostroot") || chdir("/"))
		_exit(121);
	argv[n] = NULL;
	set_environment(c);
	set_descriptors(c, e);
	if (c->prepare)
		c->prepare();
	if (c->deny)
		deny_install(c->deny);
	if (c->trace_waits)
		trace_waits_only();
	if (c->trace || c->trace_waits)
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	execv(argv[0], (char **)argv);
	_exit(122);
}

static void stream_take(struct stream *s)
{
	char buf[65536];
	ssize_t n;

	while ((n = read(s->fd, buf, sizeof(buf))) > 0) {
		s->buf = realloc(s->buf, s->len + n + 1);
		memcpy(s->buf + s->len, buf, n);
		s->len += n;
		s->buf[s->len] = '\0';
	}
	if (n < 0)
		return; /* EAGAIN: the other end is still open */
	close(s->fd);
	s->fd = -1;
	s->eof = true;
}

static void feed(struct job *j)
{
	while (j->todo_len) {
		ssize_t n = write(j->in, j->todo, j->todo_len);

		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0)
			break; /* the reader is gone, as for the daemon */
		j->todo += n;
		j->todo_len -= n;
	}
	close(j->in);
	j->in = -1;
}

void job_start(struct world *w, const struct call *c, struct job *j)
{
	struct ends e;

	*j = (struct job){ .todo = c->netconf ?: DEFAULT_NETCONF };
	j->todo_len = c->netconf_len ?: strlen(j->todo);
	j->out.buf = strdup("");
	j->err.buf = strdup("");
	j->report.buf = strdup("");
	signal(SIGPIPE, SIG_IGN);
	make_pipe(&j->in, &e.fd[0], true);
	make_pipe(&j->out.fd, &e.fd[1], false);
	make_pipe(&j->err.fd, &e.fd[2], false);
	make_pipe(&j->report.fd, &e.fd[3], false);
	j->pid = fork();
	assert_return_code(j->pid, errno);
	if (!j->pid) {
		signal(SIGPIPE, SIG_DFL);
		child(w, c, &e);
	}
	for (int i = 0; i < 4; i++)
		close(e.fd[i]);
	j->pidfd = syscall(SYS_pidfd_open, j->pid, 0);
	assert_return_code(j->pidfd, errno);
	feed(j);
	if (c->trace || c->trace_waits)
		assert_int_equal(waitpid(j->pid, &j->status, 0), j->pid);
}

static void reap(struct job *j)
{
	if (waitpid(j->pid, &j->status, WNOHANG) != j->pid)
		return;
	j->ended = true;
	close(j->pidfd);
	j->pidfd = -1;
}

bool job_pump_or(struct job *j, int also)
{
	struct pollfd p[] = {
		{ .fd = j->in, .events = POLLOUT },
		{ .fd = j->out.fd, .events = POLLIN },
		{ .fd = j->err.fd, .events = POLLIN },
		{ .fd = j->report.fd, .events = POLLIN },
		{ .fd = j->pidfd, .events = POLLIN },
		{ .fd = also, .events = POLLIN },
	};

	if (poll(p, 6, PATIENCE_MS) <= 0)
		return false;
	/* The end first: what was written before it is then in the pipes. */
	if (p[4].revents)
		reap(j);
	if (p[0].revents)
		feed(j);
	if (p[1].revents)
		stream_take(&j->out);
	if (p[2].revents)
		stream_take(&j->err);
	if (p[3].revents)
		stream_take(&j->report);
	return true;
}

bool job_pump(struct job *j)
{
	return job_pump_or(j, -1);
}

void job_ready(struct world *w, struct job *j)
{
	char c;

	while (read(w->ready, &c, 1) != 1)
		if (j->ended || !job_pump_or(j, w->ready))
			fail_msg("not ready: %s, status %x\n%s%s%s",
				 j->ended ? "ended" : "hung", j->status,
				 j->out.buf, j->err.buf, j->report.buf);
}

void job_go(struct world *w, int n)
{
	while (n--)
		assert_int_equal(write(w->go, ".", 1), 1);
}

void job_last(struct world *w)
{
	assert_int_equal(write(w->last, ".", 1), 1);
}

void job_drain(struct world *w)
{
	const int fd[] = { w->ready, w->go, w->last };
	char c[64];

	for (size_t i = 0; i < sizeof(fd) / sizeof(fd[0]); i++)
		while (read(fd[i], c, sizeof(c)) > 0)
			continue;
}

static void drain(struct job *j)
{
	if (j->out.fd >= 0)
		stream_take(&j->out);
	if (j->err.fd >= 0)
		stream_take(&j->err);
	if (j->report.fd >= 0)
		stream_take(&j->report);
}

void job_end(struct job *j)
{
	while (!j->ended)
		if (!job_pump(j))
			fail_msg("hung: %s%s", j->out.buf, j->err.buf);
	drain(j);
	if (j->report.len && !j->json)
		j->json = json_loads(j->report.buf, JSON_REJECT_DUPLICATES,
				     NULL);
}

void job_eof(struct job *j)
{
	while (!j->out.eof || !j->err.eof)
		if (!job_pump(j))
			fail_msg("no end of output: %s", j->out.buf);
}

void job_run(struct world *w, const struct call *c, struct job *j)
{
	job_start(w, c, j);
	job_end(j);
}

void job_free(struct job *j)
{
	const int fd[] = { j->in, j->out.fd, j->err.fd, j->report.fd,
			   j->pidfd };

	for (size_t i = 0; i < sizeof(fd) / sizeof(fd[0]); i++)
		if (fd[i] >= 0)
			close(fd[i]);
	free(j->out.buf);
	free(j->err.buf);
	free(j->report.buf);
	json_decref(j->json);
}
