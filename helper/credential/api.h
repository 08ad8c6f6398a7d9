/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_H
#define API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../common/err.h"
#include "bootstrap.h"

/*
 * One connection to one API server: TLS 1.2 or later, one CA file, no proxy,
 * no redirect, a deadline for everything and a bound for every answer.
 */
struct api;

#define API_MAX_ANSWER ((size_t)2048 * 1024) /* a full ConfigMap, in base64 */
#define API_CONNECT_SECONDS 5
#define API_WHOLE_SECONDS 20

/* What came back, as it came. The body may hold a token: wipe it. */
struct api_answer {
	long status;	     /* of HTTP */
	char *body;	     /* with a NUL behind it, which len does not count */
	size_t len;
	int64_t retry_after; /* seconds, 1 to 300; 0: not said */
	char warning[256];   /* the first Warning header's text; "": none */
	char content_type[128]; /* that header's text; "": none */
	bool is_json;		/* by that header */
};

/*
 * b stays the caller's and must outlive the connection, which is made by the
 * first request. NULL with e where libcurl lacks what is needed.
 */
struct api *api_open(const struct bootstrap *b, struct err *e);

/*
 * One request; path begins with a slash, body is JSON to be posted, or NULL
 * for a GET. Blocks for at most API_WHOLE_SECONDS. Returns 0 for whatever status
 * was answered, and ret is the caller's to wipe; or -1 with nothing to wipe:
 * DC_CODE_TRY_AGAIN where nothing or too much came back, DC_CODE_CONFIG where
 * a file of ours is bad.
 */
int api_request(struct api *api, const char *path, const char *body,
		struct api_answer *ret, struct err *e)
	__attribute__((warn_unused_result));

void api_answer_wipe(struct api_answer *a);

void api_close(struct api *api);

#endif
