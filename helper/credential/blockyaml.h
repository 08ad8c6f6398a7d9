/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BLOCKYAML_H
#define BLOCKYAML_H

#include <jansson.h>
#include <stddef.h>

#include "../common/err.h"

/*
 * The YAML that kubectl and installers write into kubeconfigs, and no more of
 * it: block mappings and sequences, comments, scalars of one line, plain or
 * quoted, {} and []. Scalars are strings but for true, false and null.
 * Everything else (anchors, tags, flow, block scalars, several documents,
 * tabs, duplicate keys) is refused with its line. A parser of all of YAML
 * would be the largest one in a program that holds credentials.
 */
#define BLOCKYAML_MAX_BYTES ((size_t)256 * 1024)
#define BLOCKYAML_MAX_DEPTH 16

/*
 * Returns a tree to json_decref, or NULL with DC_CODE_CONFIG and "line N:
 * what to do" in e, which never quotes the text: it may hold a secret. Pure.
 */
json_t *blockyaml_parse(const char *buf, size_t len, struct err *e);

#endif
