/* SPDX-License-Identifier: Apache-2.0 */
#include "netkey.h"

#include <string.h>

const char *netkey_part(const char *key, unsigned n, size_t *ret_len)
{
	if (n >= NETKEY_MAX_PARTS)
		return NULL;
	for (; n > 0; n--) {
		key = strchr(key, '.');
		if (key == NULL)
			return NULL;
		key++;
	}
	*ret_len = strcspn(key, ".");
	return key;
}
