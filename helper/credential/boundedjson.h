/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BOUNDEDJSON_H
#define BOUNDEDJSON_H

#include <jansson.h>
#include <stddef.h>

/* An object's managedFields are the deepest that an API server answers. */
#define BOUNDEDJSON_MAX_DEPTH 32

/*
 * A tree takes up to 300 bytes a value, whatever the text has. A ConfigMap has
 * three a key, with its managedFields.
 */
#define BOUNDEDJSON_MAX_VALUES 32768

/*
 * jansson's tree of one whole text, to json_decref; NULL where it is no JSON,
 * has a key twice or a NUL in a string, nests more deeply or has more values.
 * What is wrong with it is not said: jansson would quote the text. Pure.
 */
json_t *boundedjson_parse(const char *buf, size_t len);

/* The string at that key, which is the tree's; NULL where there is none. */
const char *boundedjson_string(const json_t *object, const char *key);

#endif
