/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REFUSAL_H
#define REFUSAL_H

#include <stdbool.h>

#include "../common/err.h"
#include "api.h"
#include "request.h"

/* Whether the request was granted. */
bool refusal_is_none(const struct api_answer *a);

/*
 * That the request was granted in something else than JSON, which is not to be
 * read: a login page, or an answer made for another client. Returns -1. Pure.
 */
int refusal_of_type(const struct request *r, const struct api_answer *a,
		    struct err *e);

/*
 * Whether asking again soon is of use: too much at once, or a trouble of the
 * server's own. Else somebody has to do something first.
 */
bool refusal_is_passing(const struct api_answer *a);

/*
 * What to do about it, what was asked and what the server said to that: code
 * DC_CODE_TRY_AGAIN where it passes, else DC_CODE_FORBIDDEN. config_file is
 * for the command that makes the RBAC. Returns -1. Pure.
 */
int refusal_err(const struct request *r, const struct api_answer *a,
		const char *config_file, struct err *e);

#endif
