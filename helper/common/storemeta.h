/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STOREMETA_H
#define STOREMETA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "delegate-credentials.h"
#include "err.h"

/*
 * What the store says of a credential (its layout: delegate-credentials.h).
 * Whoever wrote it is not trusted: everything is bounded and checked, members
 * that are not known are skipped, and no text has a byte in it that is not
 * printable ASCII.
 */
struct storemeta {
	int64_t issued;
	int64_t expires; /* 0: there is no token */
	char jti[DC_STORE_JTI_MAX + 1]; /* these: "" for null */
	char audience[DC_STORE_AUDIENCE_MAX + 1];
	char account[DC_STORE_ACCOUNT_MAX + 1];
};

/* Why the last attempt to get one failed. */
struct storemeta_error {
	int code;
	char msg[DC_STORE_MESSAGE_MAX + 1];
	int64_t at;
};

/* Both return 0, or -1 with DC_CODE_TRY_AGAIN and what is wrong with it. */
int storemeta_parse(const char *buf, size_t len, struct storemeta *ret,
		    struct err *e) __attribute__((warn_unused_result));
int storemeta_parse_error(const char *buf, size_t len,
			  struct storemeta_error *ret, struct err *e)
	__attribute__((warn_unused_result));

/* Whether it has long enough to live, at the Unix time now. */
bool storemeta_is_valid(const struct storemeta *m, int64_t now);

/*
 * Whether it is of the account and for the audience that t asks for, and without
 * a token if t is NULL.
 */
bool storemeta_is_for(const struct storemeta *m, const struct config_token *t);

/*
 * Names: of a generation's directory, and of a file in one. name is of len
 * bytes, without a NUL.
 */
bool storemeta_is_generation(const char *name, size_t len);
bool storemeta_is_file(const char *name, size_t len);

#endif
