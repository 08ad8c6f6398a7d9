/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANSWER_H
#define ANSWER_H

#include <stddef.h>
#include <stdint.h>

#include "delegate-credentials.h"

#include "../common/config.h"
#include "../common/err.h"

/*
 * What the API server answered, judged. Nothing here is trusted: sizes, depth,
 * kinds and contents are checked, unknown fields let be. Where an answer is not
 * what was asked for, it is DC_CODE_TRY_AGAIN, and no error quotes a token.
 * Pure.
 */

/* To be wiped: answer_token_wipe. */
struct answer_token {
	char *token;
	size_t token_len;
	int64_t issued;	 /* as the token says, else the time given */
	int64_t expires; /* as status.expirationTimestamp says */
	char jti[DC_STORE_JTI_MAX + 1]; /* "": it does not say */
};

/* A TokenRequest's answer to what was asked for, at the time now. */
int answer_token(const char *body, size_t len, const struct config_token *asked,
		 int64_t now, struct answer_token *ret, struct err *e)
	__attribute__((warn_unused_result));

void answer_token_wipe(struct answer_token *t);

/*
 * The values of asked's items, in their order, NUL-terminated; ret_values is
 * the caller's array of asked->item_count and its elements are to be wipe_freed.
 * A key that is missing is DC_CODE_CONFIG.
 */
int answer_config_map(const char *body, size_t len,
		      const struct config_config_map *asked, char **ret_values,
		      struct err *e) __attribute__((warn_unused_result));

/* "REASON: MESSAGE" of a Status, clean and cut; "" where it is none. */
void answer_status(const char *body, size_t len, char *ret, size_t size);

#endif
