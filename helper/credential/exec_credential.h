/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXEC_CREDENTIAL_H
#define EXEC_CREDENTIAL_H

#include <stdint.h>

#include "../common/err.h"

/*
 * A token as client-go takes it from an exec plugin: one line of JSON
 * (client.authentication.k8s.io/v1). The caller's to wipe and free; NULL with
 * e where the token is no text. Pure.
 */
char *exec_credential_format(const char *token, int64_t expires, struct err *e)
	__attribute__((warn_unused_result));

#endif
