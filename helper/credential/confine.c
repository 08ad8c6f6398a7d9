/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "confine.h"
#include "delegate-credentials.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Inheritable ones too: with them a file's could come back at an exec. */
static int has_capabilities(bool *ret)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &header, data) < 0)
		return -1;
	*ret = false;
	for (size_t i = 0; i < COUNT(data); i++)
		*ret = *ret || data[i].effective || data[i].permitted ||
		       data[i].inheritable;
	return 0;
}

int confine_privileges(struct err *e)
{
	const struct rlimit none = { 0, 0 };
	bool capable;

	if (prctl(PR_SET_DUMPABLE, 0) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    setrlimit(RLIMIT_CORE, &none) < 0 || has_capabilities(&capable) < 0)
		return err_sys(e, DC_CODE_KERNEL, errno,
			       "run on another kernel, or let the container's "
			       "seccomp profile allow prctl and capget");
	if (getuid() == 0 || geteuid() == 0)
		return err_set(e, DC_CODE_COMMAND_LINE,
			       "run multus-credential as another user than "
			       "root: %d is meant for it", DC_STORE_UID);
	if (capable)
		return err_set(e, DC_CODE_COMMAND_LINE,
			       "run multus-credential without capabilities: it "
			       "needs none");
	return 0;
}

/* Whatever their arguments are. */
static const int allowed[] = {
	/* the API server, and the resolver's servers */
	SCMP_SYS(connect),
	SCMP_SYS(getsockname),
	SCMP_SYS(getpeername),
	SCMP_SYS(getsockopt),
	SCMP_SYS(setsockopt),
	SCMP_SYS(sendto),
	SCMP_SYS(sendmsg),
	SCMP_SYS(sendmmsg),
	SCMP_SYS(recvfrom),
	SCMP_SYS(recvmsg),
	SCMP_SYS(shutdown),
	SCMP_SYS(socketpair), /* libcurl's and its resolver thread's wake-up */
	SCMP_SYS(eventfd2),
	SCMP_SYS(pipe2),
	/* wait */
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(select),
	SCMP_SYS(pselect6),
	SCMP_SYS(nanosleep),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(restart_syscall),
	/* files: its own, and the store's */
	SCMP_SYS(openat),
	SCMP_SYS(read),
	SCMP_SYS(readv),
	SCMP_SYS(pread64),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	SCMP_SYS(close),
	SCMP_SYS(lseek),
	SCMP_SYS(fcntl),
	SCMP_SYS(fstat),
	SCMP_SYS(stat),
	SCMP_SYS(lstat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(statx),
	SCMP_SYS(access),
	SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(getdents64),
	SCMP_SYS(mkdirat),
	SCMP_SYS(symlinkat),
	SCMP_SYS(renameat),
	SCMP_SYS(renameat2),
	SCMP_SYS(unlinkat),
	SCMP_SYS(flock),
	/* memory */
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(getrandom),
	/* a thread */
	SCMP_SYS(futex),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(exit),
	/* oneself: the resolver asks for these */
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(getuid),
	SCMP_SYS(geteuid),
	SCMP_SYS(getgid),
	SCMP_SYS(getegid),
	SCMP_SYS(uname),
	SCMP_SYS(sysinfo),
	/* signals, and the end */
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(tgkill),
	SCMP_SYS(exit_group),
};

/* Where one argument decides: its bits in mask have to be value. */
static const struct {
	int call;
	unsigned arg;
	uint64_t mask;
	uint64_t value;
} limited[] = {
	{ SCMP_SYS(socket), 0, UINT64_MAX, AF_INET },
	{ SCMP_SYS(socket), 0, UINT64_MAX, AF_INET6 },
	{ SCMP_SYS(mmap), 2, PROT_EXEC, 0 },
	{ SCMP_SYS(mprotect), 2, PROT_EXEC, 0 },
	{ SCMP_SYS(clone), 0, CLONE_THREAD, CLONE_THREAD },
	{ SCMP_SYS(ioctl), 1, UINT64_MAX, FIONREAD },
	{ SCMP_SYS(prlimit64), 2, UINT64_MAX, 0 }, /* a look at a limit */
};

static int add_rules(scmp_filter_ctx filter)
{
	int failed = 0;

	for (size_t i = 0; !failed && i < COUNT(allowed); i++)
		failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i],
					  0);
	for (size_t i = 0; !failed && i < COUNT(limited); i++)
		failed = seccomp_rule_add(
			filter, SCMP_ACT_ALLOW, limited[i].call, 1,
			SCMP_CMP(limited[i].arg, SCMP_CMP_MASKED_EQ,
				 limited[i].mask, limited[i].value));
	/* Its flags cannot be seen: the C library then falls back to clone. */
	if (!failed)
		failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS),
					  SCMP_SYS(clone3), 0);
	return failed;
}

int confine_calls(struct err *e)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int failed = filter ? add_rules(filter) : -ENOMEM;

	if (!failed)
		failed = seccomp_load(filter);
	if (filter)
		seccomp_release(filter);
	if (failed)
		return err_sys(e, DC_CODE_KERNEL, -failed,
			       "run on a kernel with seccomp filters");
	return 0;
}
