/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JWT_H
#define JWT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * A look into a token, without proof of it: the API server is who proves it.
 * What is looked for is damage and a wrong address. Pure.
 */

/*
 * Whether it has the look of a JWT, whole or not. An opaque token has not, nor
 * has one of five parts, which is encrypted (RFC 7516).
 */
bool jwt_is_one(const char *token, size_t len);

/*
 * Its claims, to json_decref; or NULL where a part is missing, cut off or no
 * base64url, or the claims are no JSON object.
 */
json_t *jwt_claims(const char *token, size_t len);

#endif
