/* SPDX-License-Identifier: Apache-2.0 */
#include "cnirequest.h"

#include <string.h>

#include "delegate-credentials.h"
#include "name.h"

static const char *const command_names[] = {
	[CNI_OTHER] = "",      [CNI_ADD] = "ADD", [CNI_DEL] = "DEL",
	[CNI_CHECK] = "CHECK", [CNI_GC] = "GC",	  [CNI_STATUS] = "STATUS",
};

#define COMMANDS (sizeof(command_names) / sizeof(command_names[0]))

enum cni_command cni_command_parse(const char *command)
{
	if (command == NULL)
		return CNI_OTHER;
	for (size_t i = CNI_ADD; i < COMMANDS; i++) {
		if (strcmp(command, command_names[i]) == 0)
			return (enum cni_command)i;
	}
	return CNI_OTHER;
}

const char *cni_command_name(enum cni_command c)
{
	return command_names[c];
}

static size_t count_commas(const char *s)
{
	size_t n = 0;

	while ((s = strchr(s, ',')) != NULL) {
		n++;
		s++;
	}
	return n;
}

static int copy_type(const char *s, size_t len, char *ret, const char *key,
		     struct err *e)
{
	if (len > 0 && !name_is_file(s, len))
		return err_set(e, DC_CODE_UNSAFE_REQUEST,
			       "correct '%s' in the network configuration: "
			       "a plugin's type is a plain file name",
			       key);
	memcpy(ret, s, len);
	ret[len] = '\0';
	return 0;
}

int cni_types_parse(const char *arg, struct cni_types *ret, struct err *e)
{
	const struct {
		const char *key;
		char *to;
	} fields[] = {
		{ "type", ret->main },
		{ "ipam.type", ret->ipam },
		{ "delegate.type", ret->delegate },
		{ "delegate.ipam.type", ret->delegate_ipam },
	};

	if (count_commas(arg) != 3 || arg[0] == ',')
		return err_set(e, DC_CODE_COMMAND_LINE,
			       "correct --types: "
			       "MAIN,IPAM,DELEGATE,DELEGATE_IPAM is expected, "
			       "all but MAIN may be empty");
	for (size_t i = 0; i < 4; i++) {
		size_t len = strcspn(arg, ",");

		if (copy_type(arg, len, fields[i].to, fields[i].key, e) < 0)
			return -1;
		arg += len + 1;
	}
	return 0;
}

static void take_pair(const char *pair, size_t len, const char *key,
		      char ret[CNI_NAME_MAX + 1])
{
	size_t key_len = strlen(key);

	if (len < key_len || strncmp(pair, key, key_len) != 0)
		return;
	pair += key_len;
	len -= key_len;
	if (!name_is_subdomain(pair, len))
		len = 0;
	memcpy(ret, pair, len);
	ret[len] = '\0';
}

void cni_pod_parse(const char *args, struct cni_pod *ret)
{
	memset(ret, 0, sizeof(*ret));
	while (args != NULL && *args != '\0') {
		size_t len = strcspn(args, ";");

		take_pair(args, len, "K8S_POD_NAMESPACE=", ret->namespace);
		take_pair(args, len, "K8S_POD_NAME=", ret->name);
		args += len;
		args += *args == ';';
	}
}
