/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BOOTSTRAP_H
#define BOOTSTRAP_H

#include <stdint.h>

#include "../common/err.h"

/*
 * Where the API server is and as whom it is asked. Files are named, not held:
 * who uses them reads them again each time, so that a renewed token or CA
 * counts from the next request on. All strings are the struct's own.
 */
struct bootstrap {
	char *server;		/* https://HOST[:PORT][/PATH], no slash behind */
	char *ca_file;
	char *token_file;	/* NULL: a client certificate alone */
	char *client_certificate; /* NULL, or with client_key */
	char *client_key;
};

/*
 * From file where that is not NULL, else from the pod that this process runs
 * in. Returns 0, or -1 with DC_CODE_CONFIG and nothing to free.
 */
int bootstrap_find(const char *file, struct bootstrap *ret, struct err *e)
	__attribute__((warn_unused_result));

void bootstrap_free(struct bootstrap *b);

/*
 * A number that differs where one of the files was written or replaced since,
 * the kubeconfig too where that is not NULL; one that is not there counts as
 * well.
 */
uint64_t bootstrap_stamp(const struct bootstrap *b, const char *kubeconfig);

#endif
