/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "confine.h"
#include "delegate-credentials.h"

/* What fn returns, in a process of its own: it cannot be undone. */
static int in_child(int (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(fn());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* From root to the sidecar's user; whoever else runs this is one already. */
static int drop(void)
{
	return getuid() == 0 && (setgroups(0, NULL) < 0 ||
				 setresgid(DC_STORE_UID, DC_STORE_UID,
					   DC_STORE_UID) < 0 ||
				 setresuid(DC_STORE_UID, DC_STORE_UID,
					   DC_STORE_UID) < 0);
}

static int as_root(void)
{
	struct err e = ERR_INIT;

	if (confine_privileges(&e) == 0 || e.code != DC_CODE_COMMAND_LINE)
		return 1;
	return strstr(e.msg, "root") == NULL;
}

static int with_capabilities(void)
{
	struct err e = ERR_INIT;

	if (prctl(PR_SET_KEEPCAPS, 1) < 0 || drop())
		return 2;
	if (confine_privileges(&e) == 0 || e.code != DC_CODE_COMMAND_LINE)
		return 1;
	return strstr(e.msg, "capabilities") == NULL;
}

static int as_the_sidecar(void)
{
	struct err e = ERR_INIT;
	struct rlimit core;

	if (drop() || confine_privileges(&e) < 0)
		return 2;
	if (getrlimit(RLIMIT_CORE, &core) < 0 || core.rlim_max != 0)
		return 3;
	if (prctl(PR_GET_DUMPABLE) != 0)
		return 4;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1;
}

static void privileges_are_refused(void **state)
{
	(void)state;
	if (getuid() == 0) {
		assert_int_equal(in_child(as_root), 0);
		assert_int_equal(in_child(with_capabilities), 0);
	}
	assert_int_equal(in_child(as_the_sidecar), 0);
}

static int is_refused(long result)
{
	return result == -1 && errno == EPERM;
}

static void *return_it(void *data)
{
	return data;
}

/* As the program is, each of these would work without the filter. */
static bool forbids(void)
{
	char *const none[] = { NULL };
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page != MAP_FAILED &&
	       is_refused(execve("/bin/true", none, none)) &&
	       is_refused(fork()) &&
	       is_refused(socket(AF_UNIX, SOCK_STREAM, 0)) &&
	       is_refused(socket(AF_NETLINK, SOCK_RAW, 0)) &&
	       is_refused(listen(0, 1)) && is_refused(chmod("/", 0755)) &&
	       is_refused(ptrace(PTRACE_TRACEME, 0, NULL, NULL)) &&
	       is_refused(mprotect(page, 4096, PROT_READ | PROT_EXEC)) &&
	       is_refused((long)mmap(NULL, 4096, PROT_READ | PROT_EXEC,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) &&
	       is_refused(prctl(PR_SET_DUMPABLE, 1)) &&
	       is_refused(kill(getppid(), 0)) &&
	       is_refused(unshare(CLONE_NEWUSER));
}

static bool allows(void)
{
	struct addrinfo *found = NULL;
	pthread_t thread;
	void *result = NULL;
	int fd;

	if (pthread_create(&thread, NULL, return_it, &fd) ||
	    pthread_join(thread, &result) || result != &fd)
		return false;
	if (getaddrinfo("localhost", "443", NULL, &found))
		return false;
	freeaddrinfo(found);
	fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	return fd >= 0 && close(fd) == 0 &&
	       (fd = socket(AF_INET6, SOCK_STREAM, 0)) >= 0 && close(fd) == 0;
}

static int under_the_filter(void)
{
	struct err e = ERR_INIT;

	if (drop() || confine_privileges(&e) < 0 || confine_calls(&e) < 0)
		return 2;
	if (!forbids())
		return 3;
	return allows() ? 0 : 4;
}

static void only_what_is_needed_is_left(void **state)
{
	(void)state;
	assert_int_equal(in_child(under_the_filter), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(privileges_are_refused),
		cmocka_unit_test(only_what_is_needed_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
