/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UTC_H
#define UTC_H

#include <stdint.h>

#define UTC_SIZE sizeof("2026-11-25T10:40:37Z")

/*
 * A time as RFC 3339 writes it in UTC. What it cannot write, before the year
 * 0 or after 9999, becomes the nearest that it can.
 */
void utc_format(int64_t unix_seconds, char ret[UTC_SIZE]);

#endif
