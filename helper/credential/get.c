/* SPDX-License-Identifier: Apache-2.0 */
/* multus-credential get: a credential in the store, for client-go. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "configfile.h"
#include "confine.h"
#include "exec_credential.h"
#include "options.h"
#include "roster.h"
#include "wipe.h"

struct get_options {
	const char *config;
	const char *store;
	const char *rule;
};

static const struct option_row rows[] = {
	{ "config", "FILE", "the configuration",
	  offsetof(struct get_options, config), true },
	{ "store", "DIR", "where the credentials are kept",
	  offsetof(struct get_options, store), true },
};

static const struct option_set options = {
	.usage = "multus-credential get RULE --config=FILE --store=DIR",
	.summary = "Print a rule's token as an ExecCredential; without a "
		   "cluster.",
	.rows = rows,
	.row_count = sizeof(rows) / sizeof(rows[0]),
	.operand = "RULE",
	.operand_offset = offsetof(struct get_options, rule),
};

/*
 * Between the two readings a generation may have been replaced: the one before
 * and the one after are both good, and the older end is the safer one.
 */
static int read_token(const struct store *s, const struct config_rule *rule,
		      char **ret, int64_t *ret_expires, struct err *e)
{
	const struct config_token *token = config_rule_token(rule);
	struct store_state state;
	size_t len;

	if (token == NULL)
		return err_set(e, DC_CODE_COMMAND_LINE,
			       "name another rule than %s: it has no token",
			       rule->name);
	if (store_read(s, rule->name, &state, e) < 0)
		return -1;
	if (roster_is_of(rule, &state) &&
	    storemeta_is_valid(&state.meta, time(NULL))) {
		*ret_expires = state.meta.expires;
		return store_read_file(s, rule->name, token->path, ret, &len,
				       e);
	}
	if (state.failed)
		return err_set(e, state.error.code, "%s", state.error.msg);
	return err_set(e, DC_CODE_TRY_AGAIN,
		       "fetch %s first: the store has no valid token",
		       rule->name);
}

static int print(const struct config_rule *rule, const char *store,
		 struct err *e)
{
	auto_wipe token = NULL;
	auto_wipe text = NULL;
	int64_t expires = 0;
	struct store s;
	int result;

	if (store_open(store, &s, e) < 0)
		return -1;
	result = read_token(&s, rule, &token, &expires, e);
	store_close(&s);
	if (result < 0)
		return -1;
	text = exec_credential_format(token, expires, e);
	if (text == NULL)
		return -1;
	puts(text);
	return 0;
}

int command_get(int argc, char **argv)
{
	static struct config_mistakes mistakes;
	struct get_options o = { 0 };
	struct err err = ERR_INIT;
	const struct config_rule *rule;
	struct config config;
	int status = -1;

	if (!options_read(&options, argc, argv, &o, &status))
		return status;
	wipe_json();
	if (confine_privileges(&err) < 0 ||
	    configfile_read(o.config, &config, &mistakes, &err) < 0)
		return options_fail(argv[0], &err);
	rule = roster_rule(&config, o.rule, &err);
	status = rule == NULL ? -1 : print(rule, o.store, &err);
	config_free(&config);
	return status < 0 ? options_fail(argv[0], &err) : 0;
}
