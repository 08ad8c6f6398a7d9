// SPDX-License-Identifier: Apache-2.0
/* What a delegate can see of how it was started, with and without us. */
#include "harness.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <linux/capability.h>
#include <unistd.h>

/* What may differ, by the beginning of the line, and why. */
static const struct {
	const char *line;
	const char *reason;
} allowed[] = {
	{ "status Tgid:", "another process" },
	{ "status Pid:", "another process" },
	{ "status NStgid:", "another process" },
	{ "status NSpid:", "another process" },
	{ "status PPid:", "the helper is the parent, and reaps it" },
	{ "status FDSize:", "room in the table; the descriptors are below" },
	{ "status Vm", "memory: pages touched so far" },
	{ "status Rss", "memory: pages touched so far" },
	{ "status SigQ:", "signals queued for root by whole machine" },
	{ "status voluntary_ctxt_switches:", "scheduling" },
	{ "status nonvoluntary_ctxt_switches:", "scheduling" },
	{ "ns/mnt ", "the private copy: the point of it all" },
	{ "fd/0 ", "a sealed memfd in place of a pipe: any size" },
	{ "fd/1 pipe:", "each run has its own pipe" },
	{ "fd/2 pipe:", "each run has its own pipe" },
	{ "pdeathsig ", "the delegate dies with the helper" },
};

/* Its place in the table, or -1. */
static int allowed_by(const char *line)
{
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		if (!strncmp(line, allowed[i].line, strlen(allowed[i].line)))
			return (int)i;
	return -1;
}

static bool may_differ(const char *a, const char *b)
{
	return allowed_by(a) >= 0 && allowed_by(a) == allowed_by(b);
}

struct lines {
	char *line[512];
	size_t count;
};

static void split_lines(char *text, struct lines *ret)
{
	char *save = NULL;

	ret->count = 0;
	for (char *l = strtok_r(text, "\n", &save); l && ret->count < 512;
	     l = strtok_r(NULL, "\n", &save))
		ret->line[ret->count++] = l;
}

/* Line by line: both print the same files in the same order. */
static void compare_lines(const struct lines *stock, const struct lines *ours)
{
	size_t different = 0;

	for (size_t i = 0; i < stock->count && i < ours->count; i++) {
		const char *a = stock->line[i], *b = ours->line[i];

		if (!strcmp(a, b) || may_differ(a, b))
			continue;
		print_error("stock: %s\nours:  %s\n", a, b);
		different++;
	}
	if (different || stock->count != ours->count)
		fail_msg("%zu lines differ; %zu lines, stock %zu", different,
			 ours->count, stock->count);
}

static void compare(struct world *w, struct call c)
{
	struct lines a_lines, b_lines;
	struct job a, b;

	c.script = "self";
	c.stock = true;
	job_run(w, &c, &a);
	expect_ok(&a);
	c.stock = false;
	job_run(w, &c, &b);
	expect_ok(&b);
	expect_out(&b, "fd/0 /memfd:");
	expect_out(&b, "pdeathsig 9\n");
	split_lines(a.out.buf, &a_lines);
	split_lines(b.out.buf, &b_lines);
	assert_true(a_lines.count > 80);
	compare_lines(&a_lines, &b_lines);
	job_free(&a);
	job_free(&b);
	world_check(w);
}

static void is_as_under_stock(void **state)
{
	static const char *const commands[] = { "ADD", "CHECK", "DEL", "GC",
						"STATUS" };

	for (size_t i = 0; i < 5; i++) {
		struct call c = { .command = commands[i] };

		compare(*state, c);
	}
}

/* A caller with habits of its own: the delegate inherits all of them. */
static void odd_caller(void)
{
	struct rlimit limit = { 64, 100 };
	sigset_t set;

	umask(0137);
	setrlimit(RLIMIT_NOFILE, &limit);
	limit = (struct rlimit){ 12345, 23456 };
	setrlimit(RLIMIT_CORE, &limit);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	setpriority(PRIO_PROCESS, 0, 3);
	prctl(PR_SET_TIMERSLACK, 77777);
}

static void an_odd_caller_shows_through(void **state)
{
	struct call c = { .prepare = odd_caller };

	compare(*state, c);
}

static void write_score(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "500", 3) != 3)
		_exit(125);
	close(fd);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		_exit(126);
}

static void score_and_privileges_show_through(void **state)
{
	struct call c = { .prepare = write_score };

	compare(*state, c);
}

/* A group of its own, as a daemon under a terminal has. */
static void own_session(void)
{
	setsid();
}

static void session_is_the_callers(void **state)
{
	struct world *w = *state;
	struct call c = { .script = "self", .prepare = own_session };
	struct job j;
	char want[64];

	job_run(w, &c, &j);
	expect_ok(&j);
	snprintf(want, sizeof(want), "NSsid:\t%d\n", j.pid);
	expect_out(&j, want);
	snprintf(want, sizeof(want), "NSpgid:\t%d\n", j.pid);
	expect_out(&j, want);
	job_free(&j);
}

/* Neither our descriptors nor the caller's, nor a way out. */
static void no_descriptor_leaks(void **state)
{
	struct world *w = *state;
	struct call c = { .script = "self; ls ..; ls /proc/self/cwd/..",
			  .leak_fds = true };
	struct job j;
	int n = 0;

	job_run(w, &c, &j);
	expect_ok(&j);
	for (const char *p = j.out.buf; (p = strstr(p, "\nfd/")); p++)
		n++;
	assert_int_equal(n, 3);
	expect_out(&j, "cwd /\n");
	expect_no_out(&j, "hostroot");
	job_free(&j);
	world_check(w);
}

static void environment_is_literal(void **state)
{
	static const char *const env[] = { "KUBECONFIG=/own", "EMPTY=",
					   "LD_PRELOAD=/nowhere.so",
					   "MALLOC_CHECK_=3",
					   "GLIBC_TUNABLES=x", "=odd", NULL };
	struct call c = { .env = env };

	compare(*state, c);
}

/* --- its memory ------------------------------------------------------------- */

/*
 * Without CAP_SYS_PTRACE on both sides only dumpable decides whether root may
 * look into root's process (ptrace(2), "Ptrace access mode checking").
 */
static void drop_ptrace(void)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2];

	if (prctl(PR_CAPBSET_DROP, CAP_SYS_PTRACE, 0, 0, 0) ||
	    syscall(SYS_capget, &h, d))
		_exit(125);
	d[0].permitted &= ~(1u << CAP_SYS_PTRACE);
	d[0].effective &= ~(1u << CAP_SYS_PTRACE);
	d[0].inheritable &= ~(1u << CAP_SYS_PTRACE);
	if (syscall(SYS_capset, &h, d))
		_exit(126);
}

/* 0, or the errno with which root's look at the memory map fails. */
static int look_into(pid_t pid)
{
	char path[64];
	int status;
	pid_t child = fork();

	if (!child) {
		drop_ptrace();
		snprintf(path, sizeof(path), "/proc/%d/maps", pid);
		if (open(path, O_RDONLY | O_CLOEXEC) < 0)
			_exit(errno);
		snprintf(path, sizeof(path), "/proc/%d/root/", pid);
		_exit(access(path, F_OK) ? errno : 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WEXITSTATUS(status);
}

static void helper_is_not_dumpable(void **state)
{
	struct world *w = *state;
	struct call c = { .script = "ready; wait", .prepare = drop_ptrace };
	struct job j;

	job_start(w, &c, &j);
	job_ready(w, &j);
	assert_int_equal(look_into(j.pid), EACCES);
	/* The control: the delegate, its own child, can be looked into. */
	assert_int_equal(look_into(child_of(j.pid)), 0);
	job_go(w, 1);
	job_end(&j);
	expect_ok(&j);
	job_free(&j);
	world_check(w);
}

static bool status_has(pid_t pid, const char *text)
{
	char path[64], status[8192];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_return_code(fd, errno);
	n = read(fd, status, sizeof(status) - 1);
	assert_return_code(n, errno);
	status[n] = '\0';
	close(fd);
	return strstr(status, text);
}

static void only_the_waiting_helper_is_confined(void **state)
{
	struct world *w = *state;
	struct call c = { .script = "ready; wait" };
	uint64_t deadline = 0;
	struct job j;

	job_start(w, &c, &j);
	job_ready(w, &j);
	/* The delegate may be faster than the helper's filter. */
	while (!status_has(j.pid, "Seccomp:\t2\n") && patience(&deadline))
		continue;
	assert_true(status_has(j.pid, "Seccomp:\t2\n"));
	assert_true(status_has(j.pid, "Threads:\t1\n"));
	assert_true(status_has(child_of(j.pid), "Seccomp:\t0\n"));
	job_go(w, 1);
	job_end(&j);
	assert_int_equal(report_fallbacks(&j), 0);
	job_free(&j);
}

/* Where in a program's file begins what is relocated and then never changes. */
static unsigned long relocated_offset(pid_t pid)
{
	Elf64_Ehdr header;
	Elf64_Phdr p = { 0 };
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(pread(fd, &header, sizeof(header), 0), sizeof(header));
	for (off_t at = header.e_phoff; p.p_type != PT_GNU_RELRO;
	     at += sizeof(p))
		assert_int_equal(pread(fd, &p, sizeof(p), at), sizeof(p));
	close(fd);
	return p.p_offset & ~(unsigned long)(sysconf(_SC_PAGESIZE) - 1);
}

static void relocations_are_read_only(void **state)
{
	struct world *w = *state;
	struct call c = { .script = "ready; wait" };
	char path[64], line[512], permissions[5] = "";
	unsigned long offset = 0, want;
	struct job j;
	FILE *maps;

	job_start(w, &c, &j);
	job_ready(w, &j);
	want = relocated_offset(j.pid);
	snprintf(path, sizeof(path), "/proc/%d/maps", j.pid);
	maps = fopen(path, "re");
	assert_non_null(maps);
	do
		assert_non_null(fgets(line, sizeof(line), maps));
	while (sscanf(line, "%*s %4s %lx", permissions, &offset) != 2 ||
	       offset != want || !strstr(line, "multus-delegate-exec"));
	fclose(maps);
	assert_string_equal(permissions, "r--p");
	job_go(w, 1);
	job_end(&j);
	expect_ok(&j);
	job_free(&j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(is_as_under_stock),
		WORLD_TEST(an_odd_caller_shows_through),
		WORLD_TEST(score_and_privileges_show_through),
		WORLD_TEST(session_is_the_callers),
		WORLD_TEST(no_descriptor_leaks),
		WORLD_TEST(environment_is_literal),
		WORLD_TEST(helper_is_not_dumpable),
		WORLD_TEST(only_the_waiting_helper_is_confined),
		WORLD_TEST(relocations_are_read_only),
	};

	return cmocka_run_group_tests_name("identity", tests, NULL, NULL);
}
