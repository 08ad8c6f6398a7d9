/* SPDX-License-Identifier: Apache-2.0 */
/*
 * waitfilter: prints, while the helper is built, the C source of the seccomp
 * filter for a helper that waits (exec/waitfilter.h). To have libseccomp in the
 * helper itself, and work there in every run, costs a good deal of its time.
 */
#include <err.h>
#include <errno.h>
#include <linux/filter.h>
#include <seccomp.h>
#include <stdio.h>
#include <unistd.h>

/*
 * EPERM and not a kill: the parent's death would take the delegate along. The
 * C library's own needs are here too (restart_syscall, brk, munmap).
 */
static const int allowed[] = {
	/* wait */
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(read),
	SCMP_SYS(wait4),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(restart_syscall),
	/* pass signals on */
	SCMP_SYS(kill),
	/* tear down */
	SCMP_SYS(fchdir),
	SCMP_SYS(chdir),
	SCMP_SYS(umount2),
	SCMP_SYS(mount_setattr),
	SCMP_SYS(close),
	/* report */
	SCMP_SYS(write),
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	/* end, by a signal where the delegate did */
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(getpid),
	SCMP_SYS(exit_group),
#ifdef __SANITIZE_ADDRESS__
	/* AddressSanitizer clears the stack ahead of a call without return */
	SCMP_SYS(sigaltstack),
	SCMP_SYS(gettid),
	SCMP_SYS(mmap),
#endif
};

static void check(int failed, const char *what)
{
	if (failed >= 0)
		return;
	errno = -failed;
	err(1, "%s", what);
}

static scmp_filter_ctx make_filter(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));

	if (!filter)
		errx(1, "seccomp_init");
	/* A tree: the kernel runs the filter for every call when it loads it. */
	check(seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2),
	      "seccomp_attr_set");
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		check(seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0),
		      "seccomp_rule_add");
	return filter;
}

static void print(FILE *program)
{
	struct sock_filter f;

	puts("#include \"waitfilter.h\"\n"
	     "static struct sock_filter program[] = {");
	while (fread(&f, sizeof(f), 1, program) == 1)
		printf("\t{ 0x%x, %u, %u, 0x%x },\n", f.code, f.jt, f.jf, f.k);
	puts("};\n"
	     "const struct sock_fprog wait_filter = {\n"
	     "\tsizeof(program) / sizeof(program[0]), program\n"
	     "};");
}

int main(void)
{
	scmp_filter_ctx filter = make_filter();
	FILE *program = tmpfile();

	if (!program)
		err(1, "tmpfile");
	check(seccomp_export_bpf(filter, fileno(program)), "seccomp_export_bpf");
	seccomp_release(filter);
	rewind(program);
	print(program);
	return fclose(program) || fflush(stdout) ? 1 : 0;
}
