/* SPDX-License-Identifier: Apache-2.0 */
/* cnirequest: types are plain file names, pods have names of Kubernetes'. */
#include <string.h>

#include "../common/cnirequest.h"
#include "fuzz.h"

static void check_type(const char *type)
{
	must(strchr(type, '/') == NULL && strchr(type, ',') == NULL);
	must(strcmp(type, ".") != 0 && strcmp(type, "..") != 0);
}

static void check_name(const char *name)
{
	size_t len = strlen(name);

	must(len <= CNI_NAME_MAX);
	must(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-.") == len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = malloc(len + 1);
	struct cni_types types;
	struct cni_pod pod;
	struct err e = ERR_INIT;

	must(text != NULL);
	memcpy(text, data, len);
	text[len] = '\0';
	must(cni_command_name(cni_command_parse(text)) != NULL);
	if (cni_types_parse(text, &types, &e) == 0) {
		must(types.main[0] != '\0');
		check_type(types.main);
		check_type(types.ipam);
		check_type(types.delegate);
		check_type(types.delegate_ipam);
	} else {
		fuzz_check_error(&e);
	}
	cni_pod_parse(text, &pod);
	check_name(pod.namespace);
	check_name(pod.name);
	free(text);
	return 0;
}
