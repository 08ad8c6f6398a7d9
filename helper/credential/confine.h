/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONFINE_H
#define CONFINE_H

#include "../common/err.h"

/*
 * First of all: no core dump, no ptrace(2) by others, no new privileges. Then
 * refuses root and any capability: what parses the network's answers has
 * nothing to lose but its credentials. DC_CODE_COMMAND_LINE.
 */
int confine_privileges(struct err *e) __attribute__((warn_unused_result));

/*
 * Leaves this process what talking to the API server and writing the store
 * take; every other system call fails with EPERM. After the configuration and
 * the store are open. Threads may be made (the resolver does), processes not.
 */
int confine_calls(struct err *e) __attribute__((warn_unused_result));

#endif
