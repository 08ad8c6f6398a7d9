/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NETKEY_H
#define NETKEY_H

#include <stddef.h>

/* Dotted names of netconf keys ("ipam.kubernetes.kubeconfig"), taken apart. */

#define NETKEY_MAX_PARTS 8 /* what is behind them does not count */

/*
 * The part with the number n, from 0, of a dotted key and its length, or NULL
 * where the key has none.
 */
const char *netkey_part(const char *key, unsigned n, size_t *ret_len);

#endif
