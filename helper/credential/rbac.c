/* SPDX-License-Identifier: Apache-2.0 */
/* multus-credential rbac: what a configuration asks of RBAC, for kubectl. */
#include <string.h>

#include "../common/name.h"
#include "command.h"
#include "configfile.h"
#include "delegate-credentials.h"
#include "options.h"
#include "rbacyaml.h"

struct rbac_options {
	const char *config;
	const char *sidecar;
};

static const struct option_row rows[] = {
	{ "config", "FILE", "the configuration",
	  offsetof(struct rbac_options, config), true },
	{ "sidecar-account", "NAMESPACE/NAME",
	  "the account of refresh; kube-system/multus if left out",
	  offsetof(struct rbac_options, sidecar), false },
};

static const struct option_set options = {
	.usage = "multus-credential rbac --config=FILE "
		 "[--sidecar-account=NAMESPACE/NAME]",
	.summary = "Print the accounts and the RBAC that a configuration asks "
		   "for, as YAML for kubectl.",
	.rows = rows,
	.row_count = sizeof(rows) / sizeof(rows[0]),
};

/* namespace has the room; ret borrows it and arg. */
static int parse_account(const char *arg, char namespace[NAME_LABEL_MAX + 1],
			 struct rbac_account *ret, struct err *e)
{
	size_t len = strcspn(arg, "/");

	if (!name_is_label(arg, len) || arg[len] == '\0' ||
	    !name_is_subdomain(arg + len + 1, strlen(arg + len + 1)))
		return err_set(e, DC_CODE_COMMAND_LINE,
			       "give --sidecar-account=NAMESPACE/NAME");
	memcpy(namespace, arg, len);
	namespace[len] = '\0';
	*ret = (struct rbac_account){ namespace, arg + len + 1 };
	return 0;
}

int command_rbac(int argc, char **argv)
{
	static struct config_mistakes mistakes;
	struct rbac_options o = { .sidecar = NULL };
	struct rbac_account sidecar;
	struct err err = ERR_INIT;
	struct config config;
	char namespace[NAME_LABEL_MAX + 1];
	int status;

	if (!options_read(&options, argc, argv, &o, &status))
		return status;
	if (parse_account(o.sidecar == NULL ? "kube-system/multus" : o.sidecar,
			  namespace, &sidecar, &err) < 0) {
		options_fail(argv[0], &err);
		return COMMAND_USAGE;
	}
	if (configfile_read(o.config, &config, &mistakes, &err) < 0)
		return options_fail(argv[0], &err);
	status = rbacyaml_print(stdout, &config, &sidecar, &err);
	config_free(&config);
	return status < 0 ? options_fail(argv[0], &err) : 0;
}
