// SPDX-License-Identifier: Apache-2.0
/* What the seccomp filter of a waiting helper lets through, call by call. */
#include "harness.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/syscall.h>

#include "../exec/waitfilter.h"

#if defined(__x86_64__)
#define HERE AUDIT_ARCH_X86_64
#define ELSEWHERE AUDIT_ARCH_I386
#elif defined(__aarch64__)
#define HERE AUDIT_ARCH_AARCH64
#define ELSEWHERE AUDIT_ARCH_ARM
#else
#error "name the architecture for the filter's test"
#endif

#define X32 0x40000000
#define NUMBERS 1024
#define MOST 24 /* that a helper which only waits and tears down may need */

static const uint32_t needed[] = {
	SYS_ppoll,	   SYS_read,	      SYS_wait4,   SYS_kill,
	SYS_fchdir,	   SYS_chdir,	      SYS_umount2, SYS_mount_setattr,
	SYS_close,	   SYS_write,	      SYS_getpid,  SYS_exit_group,
	SYS_rt_sigaction,  SYS_rt_sigprocmask,
};

static const uint32_t forbidden[] = {
	SYS_openat,    SYS_openat2,	   SYS_execve,	 SYS_execveat,
	SYS_clone,     SYS_clone3,	   SYS_socket,	 SYS_connect,
	SYS_ptrace,    SYS_process_vm_writev, SYS_mount, SYS_move_mount,
	SYS_open_tree, SYS_fsopen,	   SYS_fsmount,	 SYS_unshare,
	SYS_setns,     SYS_chroot,	   SYS_prctl,	 SYS_seccomp,
	SYS_bpf,       SYS_mknodat,	   SYS_unlinkat, SYS_renameat2,
	SYS_ioctl,     SYS_mprotect,	   SYS_mmap,	 SYS_init_module,
	SYS_reboot,    SYS_io_uring_setup, SYS_dup3,	 SYS_memfd_create,
};

static uint32_t load(const struct sock_filter *f, uint32_t arch, uint32_t nr)
{
	if (f->k == offsetof(struct seccomp_data, nr))
		return nr;
	assert_int_equal(f->k, offsetof(struct seccomp_data, arch));
	return arch;
}

/* What it answers, without a kernel: those that it lets through would be made. */
static uint32_t answer(uint32_t arch, uint32_t nr)
{
	uint32_t a = 0;

	for (size_t at = 0; at < wait_filter.len; at++) {
		const struct sock_filter *f = &wait_filter.filter[at];

		switch (f->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			a = load(f, arch, nr);
			break;
		case BPF_JMP | BPF_JA:
			at += f->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			at += a == f->k ? f->jt : f->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			at += a >= f->k ? f->jt : f->jf;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			at += a > f->k ? f->jt : f->jf;
			break;
		case BPF_RET | BPF_K:
			return f->k;
		default:
			fail_msg("instruction %zu: code %x", at, f->code);
		}
	}
	fail_msg("it ends without an answer");
	return 0;
}

static void lets_through_what_it_needs_alone(void **state)
{
	size_t let_through = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		assert_int_equal(answer(HERE, needed[i]), SECCOMP_RET_ALLOW);
	for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++)
		assert_int_equal(answer(HERE, forbidden[i]),
				 SECCOMP_RET_ERRNO | EPERM);
	for (uint32_t nr = 0; nr < NUMBERS; nr++)
		if (answer(HERE, nr) == SECCOMP_RET_ALLOW)
			let_through++;
	assert_in_range(let_through, sizeof(needed) / sizeof(needed[0]), MOST);
}

static void lets_nothing_of_another_kind_through(void **state)
{
	(void)state;
	for (uint32_t nr = 0; nr < NUMBERS; nr++) {
		assert_int_not_equal(answer(ELSEWHERE, nr), SECCOMP_RET_ALLOW);
		assert_int_not_equal(answer(HERE, X32 | nr), SECCOMP_RET_ALLOW);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lets_through_what_it_needs_alone),
		cmocka_unit_test(lets_nothing_of_another_kind_through),
	};

	return cmocka_run_group_tests_name("filter", tests, NULL, NULL);
}
