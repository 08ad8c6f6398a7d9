/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <link.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "confine.h"
#include "waitfilter.h"

static bool relocated_is_read_only;

/* glibc does this at start, musl only in programs with libraries. */
static int make_relocated_read_only(struct dl_phdr_info *info, size_t size,
				    void *arg)
{
	const uintptr_t page = getauxval(AT_PAGESZ);

	(void)size;
	(void)arg;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		uintptr_t begin = (info->dlpi_addr + p->p_vaddr) & -page;
		uintptr_t end = (info->dlpi_addr + p->p_vaddr + p->p_memsz) &
				-page;

		if (p->p_type == PT_GNU_RELRO)
			relocated_is_read_only =
				mprotect((void *)begin, end - begin,
					 PROT_READ) == 0;
	}
	return 1; /* no library */
}

void confine_memory(void)
{
	prctl(PR_SET_DUMPABLE, 0);
	dl_iterate_phdr(make_relocated_read_only, NULL);
}

bool confine_memory_holds(void)
{
	return prctl(PR_GET_DUMPABLE) == 0;
}

bool confine_relocated_holds(void)
{
	return relocated_is_read_only;
}

/*
 * What cannot be set so, and a filter that cannot be read, tell whether one that
 * can would be taken.
 */
bool confine_waiting_is_possible(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0) < 0 && errno == EINVAL &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL) < 0 &&
	       errno == EFAULT;
}

int confine_waiting(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &wait_filter);
}
