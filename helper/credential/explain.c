/* SPDX-License-Identifier: Apache-2.0 */
/* multus-credential explain: which rule, why, and what it does; offline. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/name.h"
#include "command.h"
#include "configfile.h"
#include "delegate-credentials.h"
#include "explanation.h"
#include "mistakes.h"
#include "options.h"

struct explain_options {
	const char *plugin;
	const char *config;
	const char *ipam;
	const char *delegate;
	const char *delegate_ipam;
	const char *namespace;
	const char *command;
	const char *store;
	bool json;
};

#define OPTION(member) offsetof(struct explain_options, member)

static const struct option_row rows[] = {
	{ "config", "FILE", "the configuration", OPTION(config), true },
	{ "ipam", "TYPE", "ipam.type of the network configuration",
	  OPTION(ipam), false },
	{ "delegate", "TYPE", "its delegate.type", OPTION(delegate), false },
	{ "delegate-ipam", "TYPE", "its delegate.ipam.type",
	  OPTION(delegate_ipam), false },
	{ "namespace", "NAME", "the pod's", OPTION(namespace), false },
	{ "command", "COMMAND",
	  "CNI's: ADD if left out, CHECK, DEL, GC or STATUS", OPTION(command),
	  false },
	{ "store", "DIR", "multus-delegate-exec's, for the plan",
	  OPTION(store), false },
	{ "json", NULL, "for programs", OPTION(json), false },
};

static const struct option_set options = {
	.usage = "multus-credential explain PLUGIN --config=FILE "
		 "[--ipam=TYPE]\n"
		 "           [--delegate=TYPE] [--delegate-ipam=TYPE] "
		 "[--namespace=NAME]\n"
		 "           [--command=COMMAND] [--store=DIR] [--json]",
	.summary = "Explain which rule applies to a plugin, and what it does, "
		   "without a cluster.",
	.rows = rows,
	.row_count = sizeof(rows) / sizeof(rows[0]),
	.operand = "PLUGIN",
	.operand_offset = OPTION(plugin),
};

/* As cni_types_parse takes them apart. */
static int set_type(const char *name, const char *value, char ret[256],
		    struct err *e)
{
	if (value == NULL)
		return 0;
	if (!name_is_file(value, strlen(value)) || strchr(value, ','))
		return err_set(e, DC_CODE_COMMAND_LINE,
			       "give %s a plugin's type: a plain file name "
			       "without comma",
			       name);
	memcpy(ret, value, strlen(value) + 1);
	return 0;
}

/* A path, as the report has it, is good too: its file is named as the type. */
static int set_types(const struct explain_options *o, struct cni_types *ret,
		     struct err *e)
{
	const char *slash = strrchr(o->plugin, '/');

	if (set_type("PLUGIN", slash == NULL ? o->plugin : slash + 1, ret->main,
		     e) < 0 ||
	    set_type("--ipam", o->ipam, ret->ipam, e) < 0 ||
	    set_type("--delegate", o->delegate, ret->delegate, e) < 0)
		return -1;
	return set_type("--delegate-ipam", o->delegate_ipam,
			ret->delegate_ipam, e);
}

static int set_request(const struct explain_options *o,
		       struct rules_request *ret, struct err *e)
{
	const char *namespace = o->namespace == NULL ? "" : o->namespace;

	ret->pod_namespace = namespace;
	ret->command = cni_command_parse(o->command == NULL ? "ADD" :
							      o->command);
	if (ret->command == CNI_OTHER)
		return err_set(e, DC_CODE_COMMAND_LINE,
			       "give --command=ADD, CHECK, DEL, GC or STATUS: "
			       "others get no credential");
	if (o->namespace != NULL &&
	    !name_is_label(namespace, strlen(namespace)))
		return err_set(e, DC_CODE_COMMAND_LINE,
			       "give --namespace the name of a namespace");
	return 0;
}

/* DEL is jansson's to leave as it is; it stands in strings only. */
static int print_json(const struct explanation *x)
{
	json_t *all = explanation_json(x);
	char *text = json_dumps(all, JSON_INDENT(2) | JSON_ENSURE_ASCII);

	json_decref(all);
	if (text == NULL)
		return -1;
	for (const char *c = text; *c != '\0'; c++) {
		if (*c == 0x7f)
			fputs("\\u007f", stdout);
		else
			putchar(*c);
	}
	putchar('\n');
	free(text);
	return 0;
}

static int explain(const struct explain_options *o,
		   const struct rules_request *q, const struct config *config,
		   struct err *e)
{
	struct explanation x = { .file = o->config,
				 .config = config,
				 .request = q };
	const struct explanation_place place = {
		.store = o->store,
		.api_host = getenv(DC_ENV_API_HOST),
		.api_port = getenv(DC_ENV_API_PORT),
	};
	int failed;

	explanation_make(&x, &place);
	failed = o->json ? print_json(&x) : explanation_text(&x, stdout);
	explanation_free(&x);
	if (failed)
		return err_set(e, DC_CODE_INTERNAL,
			       "cannot write the explanation");
	return 0;
}

int command_explain(int argc, char **argv)
{
	static struct config_mistakes mistakes;
	static struct cni_types types;
	struct explain_options o = { 0 };
	struct rules_request q = { .types = &types };
	struct err err = ERR_INIT;
	struct config config;
	int status;

	if (!options_read(&options, argc, argv, &o, &status))
		return status;
	if (set_types(&o, &types, &err) < 0 || set_request(&o, &q, &err) < 0) {
		options_fail(argv[0], &err);
		return COMMAND_USAGE;
	}
	if (configfile_read(o.config, &config, &mistakes, &err) < 0) {
		if (mistakes.count == 0)
			return options_fail(argv[0], &err);
		mistakes_print(o.config, &mistakes, stderr);
		return COMMAND_FAILED;
	}
	status = explain(&o, &q, &config, &err);
	config_free(&config);
	return status < 0 ? options_fail(argv[0], &err) : 0;
}
