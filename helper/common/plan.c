/* SPDX-License-Identifier: Apache-2.0 */
#include "plan.h"

#include <string.h>

#include "delegate-credentials.h"
#include "expand.h"
#include "kubeconfig.h"
#include "quote.h"

/* A variable's value, with what its references stand for. */

static void start(struct plan *p, enum report_source source, struct report *r)
{
	p->source = source;
	p->count = 0;
	r->source = source;
}

static void add_op(struct plan *p, enum plan_op_kind kind, const char *path,
		   const char *text)
{
	p->ops[p->count++] = (struct plan_op){ kind, path, text };
}

/* The delegate runs as it would without us. */
static int run_plainly(enum report_source source, struct plan *ret,
		       struct report *r)
{
	start(ret, source, r);
	add_op(ret, PLAN_RUN, NULL, NULL);
	return 0;
}

static int no_memory(struct err *e)
{
	return err_set(e, DC_CODE_INTERNAL,
		       "give the caller's container more memory: the plan has "
		       "no room");
}

const char *plan_material(const struct plan_facts *f, struct arena *a)
{
	if (f->rule == NULL)
		return f->directory;
	if (config_rule_directory(f->rule) != NULL)
		return config_rule_directory(f->rule);
	return arena_printf(a, "%s/%s/" DC_STORE_DATA_NAME, f->store,
			    f->rule->name);
}

static enum report_source source_of(const struct plan_facts *f)
{
	if (f->rule == NULL || config_rule_directory(f->rule) != NULL)
		return SOURCE_DIRECTORY;
	return SOURCE_STORE;
}

/* Where the delegate sees the material. */
static const char *place_of(const struct plan_facts *f)
{
	return f->rule == NULL ? DC_SERVICE_ACCOUNT_DIR
			       : config_rule_place(f->rule);
}

static int add_bind(const struct plan_facts *f, struct arena *a, struct plan *p,
		    struct err *e)
{
	const char *from = plan_material(f, a);

	if (from == NULL)
		return no_memory(e);
	add_op(p, PLAN_BIND, place_of(f), from);
	return 0;
}

/* The namespace of its context decides where some plugins keep their state. */
static const char *context_namespace(const struct config_rule *rule)
{
	const struct config_token *token = config_rule_token(rule);

	if (rule->kubeconfig->namespace != NULL)
		return rule->kubeconfig->namespace;
	return token == NULL ? NULL : token->namespace;
}

static int add_kubeconfig(const struct plan_facts *f, struct arena *a,
			  struct plan *p, struct err *e)
{
	const struct config_kubeconfig *c = f->rule->kubeconfig;
	struct kubeconfig k = {
		.host = f->api_host,
		.port = f->api_port,
		.context_name = c->context_name ? c->context_name
						: f->rule->name,
		.namespace = context_namespace(f->rule),
		.token_file = arena_printf(a, "%s/" DC_TOKEN_NAME, place_of(f)),
		.certificate_authority =
			arena_printf(a, "%s/" DC_CA_NAME, place_of(f)),
	};
	char text[KUBECONFIG_MAX];
	const char *copy;

	if (k.token_file == NULL || k.certificate_authority == NULL)
		return no_memory(e);
	if (kubeconfig_format(&k, text, sizeof(text), e) < 0)
		return -1;
	copy = arena_printf(a, "%s", text);
	if (copy == NULL)
		return no_memory(e);
	add_op(p, PLAN_FILE, DC_KUBECONFIG_PATH, copy);
	return 0;
}

/* What a value may refer to: two names of ours and the entries before it. */
struct scope {
	const struct plan_facts *facts;
	const struct plan *plan;
	size_t first; /* the operation of the rule's first entry */
};

static bool is_name(const char *name, size_t len, const char *want)
{
	return strlen(want) == len && memcmp(name, want, len) == 0;
}

static const char *look_up(void *arg, const char *name, size_t len)
{
	const struct scope *s = arg;

	for (size_t i = s->first; i < s->plan->count; i++) {
		if (is_name(name, len, s->plan->ops[i].path))
			return s->plan->ops[i].text;
	}
	if (is_name(name, len, "CREDENTIALS_DIRECTORY"))
		return place_of(s->facts);
	if (is_name(name, len, "KUBECONFIG_PATH") &&
	    s->facts->rule->kubeconfig != NULL)
		return DC_KUBECONFIG_PATH;
	return NULL;
}

static int add_entries(const struct plan_facts *f, struct arena *a,
		       struct plan *p, struct err *e)
{
	struct scope scope = { f, p, p->count };
	const struct expand_scope names = { look_up, &scope };
	char text[CONFIG_MAX_EXPANDED];

	for (size_t i = 0; i < f->rule->env_count; i++) {
		const struct config_env *env = &f->rule->env[i];
		const char *copy;

		if (expand(env->value, &names, text, sizeof(text), e) < 0)
			return -1;
		copy = arena_printf(a, "%s", text);
		if (copy == NULL)
			return no_memory(e);
		add_op(p, PLAN_ENV, env->name, copy);
	}
	return 0;
}

static bool sets(const struct config_rule *rule, const char *name)
{
	for (size_t i = 0; i < rule->env_count; i++) {
		if (strcmp(rule->env[i].name, name) == 0)
			return true;
	}
	return false;
}

/* A KUBECONFIG of the caller's is no delegate's to use. */
static int add_environment(const struct plan_facts *f, struct arena *a,
			   struct plan *p, struct err *e)
{
	add_op(p, PLAN_ENV, DC_ENV_CREDENTIALS_DIRECTORY, place_of(f));
	if (!sets(f->rule, DC_ENV_KUBECONFIG))
		add_op(p, PLAN_ENV, DC_ENV_KUBECONFIG,
		       f->rule->kubeconfig ? DC_KUBECONFIG_PATH : NULL);
	return add_entries(f, a, p, e);
}

static void add_conf_keys(const struct config_rule *rule, struct plan *p)
{
	const struct config_strings *keys;

	if (rule->kubeconfig == NULL)
		return;
	keys = &rule->kubeconfig->config_keys;
	for (size_t i = 0; i < keys->count; i++)
		add_op(p, PLAN_CONF_KEY, keys->items[i], DC_KUBECONFIG_PATH);
}

static int run_equipped(const struct plan_facts *f, struct arena *a,
			struct plan *ret, struct report *r, struct err *e)
{
	start(ret, source_of(f), r);
	add_op(ret, PLAN_PRIVATE_COPY, NULL, NULL);
	add_op(ret, PLAN_TMPFS, "/" DC_VAR_RUN "/" DC_SECRETS_DIR, NULL);
	if (f->rule != NULL && f->rule->kubeconfig != NULL &&
	    add_kubeconfig(f, a, ret, e) < 0)
		return -1;
	if (add_bind(f, a, ret, e) < 0)
		return -1;
	if (f->rule != NULL) {
		if (add_environment(f, a, ret, e) < 0)
			return -1;
		add_conf_keys(f->rule, ret);
	}
	add_op(ret, PLAN_RUN, NULL, NULL);
	return 0;
}

int plan_without(enum cni_command command, const struct err *why,
		 struct plan *ret, struct report *r, struct err *e)
{
	r->source = SOURCE_NONE;
	switch (command) {
	case CNI_ADD:
	case CNI_CHECK:
		return err_set(e, why->code, "%s", why->msg);
	case CNI_STATUS:
		return err_set(e, DC_CODE_NOT_AVAILABLE, "%s", why->msg);
	default:
		report_fallback(r, "ran without a credential: %s", why->msg);
		return run_plainly(SOURCE_NONE, ret, r);
	}
}

static int run_by_own_choice(const struct netconf *n, struct plan *ret,
			     struct report *r)
{
	report_fallback(r,
			"delivered nothing: the network configuration chooses "
			"its own credential with the key '%s' at line %zu, "
			"column %zu",
			n->choice, n->choice_line, n->choice_column);
	return run_plainly(SOURCE_CONF, ret, r);
}

/* Nothing is to be delivered, whatever the netconf says. */
static bool is_as_upstream(const struct plan_facts *f)
{
	return f->command == CNI_OTHER ||
	       (f->directory == NULL && f->config_error == NULL &&
		f->rule == NULL);
}

bool plan_needs_material(const struct plan_facts *f)
{
	return !is_as_upstream(f) && f->config_error == NULL &&
	       f->netconf_error == NULL && f->netconf->choice[0] == '\0';
}

/* Why nothing can be delivered, or NULL. */
static const struct err *reason_against(const struct plan_facts *f)
{
	if (f->material_error != NULL)
		return f->material_error;
	return f->target_error;
}

int plan_make(const struct plan_facts *f, struct arena *a, struct plan *ret,
	      struct report *r, struct err *e)
{
	struct err why = ERR_INIT;

	if (is_as_upstream(f))
		return run_plainly(SOURCE_NONE, ret, r);
	if (f->config_error != NULL)
		return plan_without(f->command, f->config_error, ret, r, e);
	if (f->netconf_error != NULL)
		return plan_without(f->command, f->netconf_error, ret, r, e);
	if (f->netconf->choice[0] != '\0')
		return run_by_own_choice(f->netconf, ret, r);
	if (reason_against(f) != NULL)
		return plan_without(f->command, reason_against(f), ret, r, e);
	if (f->target == TARGET_TAKEN)
		return run_plainly(SOURCE_HOST, ret, r);
	if (run_equipped(f, a, ret, r, &why) < 0)
		return plan_without(f->command, &why, ret, r, e);
	return 0;
}

const struct plan_op *plan_find(const struct plan *p, enum plan_op_kind kind)
{
	for (size_t i = 0; i < p->count; i++) {
		if (p->ops[i].kind == kind)
			return &p->ops[i];
	}
	return NULL;
}

/* Its lines are ours, and what is from the configuration is quoted in them. */
static void print_file(const struct plan_op *op, FILE *out)
{
	fprintf(out, "write %s\n", op->path);
	for (const char *line = op->text; *line != '\0';) {
		size_t len = strcspn(line, "\n");

		fprintf(out, "    %.*s\n", (int)len, line);
		line += len + (line[len] == '\n');
	}
}

/* What stands in the configuration reaches no terminal as it is. */
static void print_words(FILE *out, const char *before, const char *path,
			const char *between, const char *text)
{
	fputs(before, out);
	quote_print(path, out);
	fputs(between, out);
	if (text != NULL)
		quote_print(text, out);
	fputc('\n', out);
}

static void print_op(const struct plan_op *op, FILE *out)
{
	switch (op->kind) {
	case PLAN_PRIVATE_COPY:
		fputs("copy the mount namespace\n", out);
		break;
	case PLAN_TMPFS:
		print_words(out, "mount a tmpfs on ", op->path, "", NULL);
		break;
	case PLAN_FILE:
		print_file(op, out);
		break;
	case PLAN_BIND:
		print_words(out, "bind ", op->text, "\n    read-only on ",
			    op->path);
		break;
	case PLAN_ENV:
		print_words(out, op->text == NULL ? "unset " : "set ", op->path,
			    op->text == NULL ? "" : "=", op->text);
		break;
	case PLAN_CONF_KEY:
		print_words(out, "set the key ", op->path,
			    " of the network configuration\n    to ",
			    op->text);
		break;
	case PLAN_RUN:
		fputs("run the delegate\n", out);
		break;
	}
}

int plan_print(const struct plan *p, FILE *out)
{
	for (size_t i = 0; i < p->count; i++)
		print_op(&p->ops[i], out);
	return ferror(out) ? -1 : 0;
}
