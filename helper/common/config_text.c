/* SPDX-License-Identifier: Apache-2.0 */
/* Which strings are good where: see struct text. */
#include <string.h>
#include <strings.h>

#include "config_value.h"
#include "name.h"

#define QUOTE(s) "\"" s "\""
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool is_word(const char *s, size_t len, const char *word)
{
	return len == strlen(word) && memcmp(s, word, len) == 0;
}

static bool is_any(const char *s, size_t len)
{
	return is_word(s, len, "*");
}

/* At least one of the characters, at most max, and no others. */
static bool consists_of(const char *s, size_t len, size_t max,
			const char *characters)
{
	return len > 0 && len <= max && strspn(s, characters) == len;
}

static bool is_printable(const char *s, size_t len, size_t max)
{
	if (len == 0 || len > max)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (s[i] < 0x20 || s[i] >= 0x7f)
			return false;
	}
	return true;
}

static bool is_api_version(const char *s, size_t len)
{
	return is_word(s, len, CONFIG_API_VERSION);
}

const struct text text_api_version = {
	is_api_version, "write " QUOTE(CONFIG_API_VERSION), NULL
};

static bool is_kind(const char *s, size_t len)
{
	return is_word(s, len, CONFIG_KIND);
}

const struct text text_kind = { is_kind, "write " QUOTE(CONFIG_KIND), NULL };

const struct text text_label = {
	name_is_label,
	"write a name of a-z, 0-9 and inner hyphens, at most 63 characters",
	NULL
};

const struct text text_subdomain = {
	name_is_subdomain,
	"write an object's name: a-z, 0-9, inner hyphens and dots, at most "
	"253 characters",
	NULL
};

/* The caller hands types over with commas between them. */
static bool is_plugin(const char *s, size_t len)
{
	return name_is_file(s, len) && memchr(s, ',', len) == NULL;
}

const struct text text_plugin = {
	is_plugin,
	"write a plugin's type: a plain file name without slash and comma, at "
	"most 255 bytes",
	NULL
};

static bool is_match_namespace(const char *s, size_t len)
{
	return is_any(s, len) || name_is_label(s, len);
}

static bool excludes_namespace(const char *a, const char *b)
{
	return is_any(a, strlen(a)) || is_any(b, strlen(b)) ||
	       strcmp(a, b) == 0;
}

const struct text text_match_namespace = {
	is_match_namespace,
	"write a namespace's name, or \"*\" alone for all of them",
	excludes_namespace
};

const struct text text_data_key = {
	name_is_data_key,
	"write a key of letters, digits, '-', '_' and '.', not beginning with "
	"\"..\", at most 253 characters",
	NULL
};

static bool is_path(const char *s, size_t len)
{
	return name_is_data_key(s, len) && !is_word(s, len, "namespace");
}

const struct text text_path = {
	is_path,
	"write a file name of letters, digits, '-', '_' and '.', not beginning "
	"with \"..\", at most 253 characters, and not \"namespace\", which is "
	"always made",
	NULL
};

/* Bounded so that it fits into what the store says of a credential. */
static bool is_audience(const char *s, size_t len)
{
	return is_printable(s, len, 1024);
}

const struct text text_audience = {
	is_audience,
	"write an audience of printable ASCII, at most 1024 characters", NULL
};

/* As core/v1 asks of a path: no ".." among its components. */
static bool is_directory(const char *s, size_t len)
{
	if (!is_printable(s, len, 4095) || s[0] != '/')
		return false;
	for (const char *p = s; (p = strstr(p, "/..")) != NULL; p++) {
		if (p[3] == '/' || p[3] == '\0')
			return false;
	}
	return true;
}

const struct text text_directory = {
	is_directory,
	"write an absolute path of printable ASCII, without \"..\", at most "
	"4095 characters",
	NULL
};

static bool is_context(const char *s, size_t len)
{
	return is_printable(s, len, NAME_SUBDOMAIN_MAX);
}

const struct text text_context = {
	is_context,
	"write a context's name of printable ASCII, at most 253 characters",
	NULL
};

/* A part of a dotted key; a '*' only at its end, and only where allowed. */
static bool is_key_part(const char *s, size_t len, bool star)
{
	for (size_t i = 0; i < len; i++) {
		bool named = s[i] != '\0' && (name_is_variable(&s[i], 1) ||
					      strchr("0123456789-", s[i]));

		if (!named && !(star && s[i] == '*' && i > 0 && i == len - 1))
			return false;
	}
	return len > 0;
}

/* Keys with a meaning for the caller or for CNI itself. */
static bool is_taken_key(const char *s)
{
	static const char *const first[] = { "prevResult", "args",
					     "type",	   "cniVersion",
					     "name",	   "runtimeConfig" };
	static const char *const whole[] = { "ipam.type", "delegate.type",
					     "delegate.ipam.type" };
	size_t len = strcspn(s, ".");

	for (size_t i = 0; i < COUNT(first); i++) {
		if (len == strlen(first[i]) &&
		    strncasecmp(s, first[i], len) == 0)
			return true;
	}
	for (size_t i = 0; i < COUNT(whole); i++) {
		if (strcasecmp(s, whole[i]) == 0)
			return true;
	}
	return false;
}

static bool is_dotted_key(const char *s, size_t len, bool star)
{
	const char *part = s;

	if (len > NAME_SUBDOMAIN_MAX || is_taken_key(s))
		return false;
	for (unsigned parts = 1; parts <= 8; parts++) {
		size_t n = strcspn(part, ".");

		if (!is_key_part(part, n, star))
			return false;
		if (part[n] == '\0')
			return true;
		part += n + 1;
	}
	return false;
}

static bool is_conf_key(const char *s, size_t len)
{
	return is_dotted_key(s, len, false);
}

/* Equal but for case, or one within the other. */
static bool overlaps(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b), len = la < lb ? la : lb;

	if (strncasecmp(a, b, len) != 0)
		return false;
	return la == lb || (la < lb ? b : a)[len] == '.';
}

const struct text text_conf_key = {
	is_conf_key,
	"write a key of the network configuration, as \"ipam.kubernetes."
	"kubeconfig\": at most 8 names with dots between; not in prevResult, "
	"args and runtimeConfig, and no type, name or cniVersion",
	overlaps
};

static bool is_credential_key(const char *s, size_t len)
{
	return is_dotted_key(s, len, true);
}

static bool is_same_key(const char *a, const char *b)
{
	return strcasecmp(a, b) == 0;
}

const struct text text_credential_key = {
	is_credential_key,
	"write a key of the network configuration, as \"ipam.etcd_*\": at most "
	"8 names with dots between, each with a '*' at its end or none; not in "
	"prevResult, args and runtimeConfig, and no type, name or cniVersion",
	is_same_key
};

static bool is_env_name(const char *s, size_t len)
{
	return name_is_variable(s, len) && len <= NAME_SUBDOMAIN_MAX &&
	       strncmp(s, "CNI_", 4) != 0 && strncmp(s, "K8S_", 4) != 0 &&
	       strcmp(s, "POD_NAMESPACE") != 0;
}

const struct text text_env_name = {
	is_env_name,
	"write a variable's name of letters, digits and '_', not CNI_*, K8S_* "
	"or POD_NAMESPACE",
	NULL
};

static bool is_env_value(const char *s, size_t len)
{
	(void)s;
	return len <= 4096;
}

const struct text text_env_value = { is_env_value, "keep it to 4096 bytes",
				     NULL };

static bool is_api_group(const char *s, size_t len)
{
	return len == 0 || is_any(s, len) || name_is_subdomain(s, len);
}

const struct text text_api_group = {
	is_api_group,
	"write an API group, as \"apps\": \"\" is core, \"*\" is all", NULL
};

#define LOWER "abcdefghijklmnopqrstuvwxyz"

/* "pods", "pods/status", "*" or "*" and a subresource. */
static bool is_resource(const char *s, size_t len)
{
	size_t n = strcspn(s, "/");

	if (!is_any(s, n) && !name_is_subdomain(s, n))
		return false;
	return n == len ||
	       consists_of(&s[n + 1], len - n - 1, NAME_LABEL_MAX,
			   LOWER "-0123456789") ||
	       is_any(&s[n + 1], len - n - 1);
}

const struct text text_resource = {
	is_resource,
	"write a resource, as \"pods\" or \"pods/status\": \"*\" is all", NULL
};

static bool is_resource_name(const char *s, size_t len)
{
	return is_printable(s, len, NAME_SUBDOMAIN_MAX) &&
	       strcspn(s, " /%") == len;
}

const struct text text_resource_name = {
	is_resource_name,
	"write an object's name, at most 253 characters", NULL
};

static bool is_verb(const char *s, size_t len)
{
	return is_any(s, len) ||
	       consists_of(s, len, NAME_LABEL_MAX, LOWER "-:");
}

const struct text text_verb = {
	is_verb, "write a verb, as \"get\" or \"patch\": \"*\" is all", NULL
};

static bool is_bound_kind(const char *s, size_t len)
{
	return is_word(s, len, "Node") || is_word(s, len, "Secret");
}

const struct text text_bound_kind = {
	is_bound_kind, "write \"Node\" or \"Secret\"", NULL
};
