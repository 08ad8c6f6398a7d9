/* SPDX-License-Identifier: Apache-2.0 */
#include "name.h"

#include <string.h>

static bool is_lower_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_alnum(char c)
{
	return is_lower_alnum(c) || (c >= 'A' && c <= 'Z');
}

bool name_is_subdomain(const char *s, size_t len)
{
	bool edge = true; /* only a letter or digit may stand here */

	if (len == 0 || len > NAME_SUBDOMAIN_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!is_lower_alnum(s[i]) &&
		    (edge || (s[i] != '-' && s[i] != '.')))
			return false;
		if (s[i] == '.' && s[i - 1] == '-')
			return false;
		edge = s[i] == '.';
	}
	return is_lower_alnum(s[len - 1]);
}

bool name_is_label(const char *s, size_t len)
{
	return len <= NAME_LABEL_MAX && name_is_subdomain(s, len) &&
	       memchr(s, '.', len) == NULL;
}

bool name_is_file(const char *s, size_t len)
{
	if (len == 0 || len > NAME_FILE_MAX)
		return false;
	if (s[0] == '.' && (len == 1 || (len == 2 && s[1] == '.')))
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c == '/' || c < 0x20 || c == 0x7f)
			return false;
	}
	return true;
}

bool name_is_data_key(const char *s, size_t len)
{
	if (len == 0 || len > NAME_DATA_KEY_MAX)
		return false;
	if (s[0] == '.' && (len == 1 || s[1] == '.'))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!is_alnum(s[i]) && s[i] != '-' && s[i] != '_' &&
		    s[i] != '.')
			return false;
	}
	return true;
}

bool name_is_variable(const char *s, size_t len)
{
	if (len == 0 || (s[0] >= '0' && s[0] <= '9'))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!is_alnum(s[i]) && s[i] != '_')
			return false;
	}
	return true;
}
