// SPDX-License-Identifier: Apache-2.0
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NR offsetof(struct seccomp_data, nr)
#define ARG(i) (offsetof(struct seccomp_data, args) + 8 * (i))
#define MAX_RULES 8
#define RULE_SIZE 6

static unsigned int action_of(const struct deny *d)
{
	if (d->kills)
		return SECCOMP_RET_KILL_PROCESS;
	return d->word ? SECCOMP_RET_USER_NOTIF :
			 SECCOMP_RET_ERRNO | (unsigned int)d->error;
}

static void write_rule(const struct deny *d, struct sock_filter f[RULE_SIZE])
{
	const struct sock_filter rule[RULE_SIZE] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NR),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, d->nr, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ARG(d->arg)),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, d->mask),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, d->value, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action_of(d)),
	};

	memcpy(f, rule, sizeof(rule));
}

static int install_filter(const struct deny *d)
{
	struct sock_filter f[1 + RULE_SIZE * MAX_RULES];
	struct sock_fprog prog = { .filter = f };
	size_t n = 0, i = 0;

	for (; d[i].nr && i < MAX_RULES; i++, n += RULE_SIZE)
		write_rule(&d[i], f + n);
	f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
					      SECCOMP_RET_ALLOW);
	prog.len = n;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		       SECCOMP_FILTER_FLAG_NEW_LISTENER, &prog);
}

static bool third_is(pid_t pid, unsigned long address, const char *word)
{
	char path[64], text[64] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || pread(fd, text, sizeof(text) - 1, address) < 0)
		_exit(1);
	close(fd);
	return !strcmp(text, word);
}

static void answer(int listener, const struct deny *d)
{
	struct seccomp_notif req = { 0 };
	struct seccomp_notif_resp resp = { 0 };

	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &req))
		return;
	resp.id = req.id;
	resp.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	for (; d->nr; d++)
		if (d->word && d->nr == req.data.nr && req.data.args[2] &&
		    third_is(req.pid, req.data.args[2], d->word)) {
			resp.flags = 0;
			resp.error = -d->error;
		}
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &resp);
}

/* Decides on the calls whose words have to be read, until target has ended. */
static void supervise(int listener, int target, const struct deny *d)
{
	struct pollfd p[] = {
		{ .fd = listener, .events = POLLIN },
		{ .fd = target, .events = POLLIN },
	};

	while (poll(p, 2, -1) > 0 && !p[1].revents)
		if (p[0].revents & POLLIN)
			answer(listener, d);
	_exit(0);
}

void deny_install(const struct deny *d)
{
	int target = syscall(SYS_pidfd_open, getpid(), 0);
	int listener = install_filter(d), status;
	pid_t pid;

	if (listener < 0 || target < 0)
		_exit(123);
	/* Twice: the supervisor must be nobody's child but the test's. */
	pid = fork();
	if (!pid) {
		if (fork())
			_exit(0);
		target = dup2(target, 1001);
		listener = dup2(listener, 1002);
		syscall(SYS_close_range, 0, 1000, 0);
		supervise(listener, target, d);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		_exit(124);
	close(target);
	close(listener);
}
