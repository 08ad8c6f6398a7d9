/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NAME_H
#define NAME_H

#include <stdbool.h>
#include <stddef.h>

/* The kinds of names, as Kubernetes and the kernel read them. */

#define NAME_LABEL_MAX 63
#define NAME_SUBDOMAIN_MAX 253
#define NAME_FILE_MAX 255
#define NAME_DATA_KEY_MAX 253

/* RFC 1123: a-z, 0-9 and inner hyphens. */
bool name_is_label(const char *s, size_t len);

/* RFC 1123: labels joined by dots; only the whole has a maximum. */
bool name_is_subdomain(const char *s, size_t len);

/* A plain file name: no slash, no control character, not "." or "..". */
bool name_is_file(const char *s, size_t len);

/*
 * A key of a ConfigMap or Secret: letters, digits, '-', '_' and '.', not "."
 * and not beginning with "..".
 */
bool name_is_data_key(const char *s, size_t len);

/* A shell's variable: letters, digits and '_', no digit in front. */
bool name_is_variable(const char *s, size_t len);

#endif
