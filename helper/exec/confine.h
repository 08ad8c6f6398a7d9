/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONFINE_H
#define CONFINE_H

#include <stdbool.h>

/*
 * Keeps core dumps and other processes' ptrace(2) away from this process and
 * from its child up to exec, which lifts it for the delegate; and makes what
 * the start relocated read-only. What did not work shows in the next two.
 */
void confine_memory(void);
bool confine_memory_holds(void);
bool confine_relocated_holds(void);

/*
 * Leaves this process nothing but what waiting, tearing down, reporting and
 * ending take; every other system call fails with EPERM. For the parent, once
 * the delegate runs: what is forbidden here is not inherited by it. Returns 0
 * or -1 with errno.
 */
int confine_waiting(void) __attribute__((warn_unused_result));

/* Whether this kernel would take the filter; changes nothing. */
bool confine_waiting_is_possible(void);

#endif
