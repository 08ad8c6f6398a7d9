/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MEDIATYPE_H
#define MEDIATYPE_H

#include <stdbool.h>

/*
 * Whether a Content-Type's value (RFC 9110, 8.3) is application/json, whatever
 * its parameters are. NULL is none. Pure.
 */
bool mediatype_is_json(const char *value);

#endif
