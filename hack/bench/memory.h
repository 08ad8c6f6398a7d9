/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdbool.h>

/*
 * A memory cgroup of our own, version 2 or 1, that children inherit. Where
 * none can be made the reason goes to standard error, and nothing is known.
 */
void memory_cgroup_enter(void);
void memory_cgroup_leave(void);

bool memory_is_known(void);
/* What is charged to it once it has settled, the kernel's part included. */
double memory_kib(void);

#endif
