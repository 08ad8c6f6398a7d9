/* SPDX-License-Identifier: Apache-2.0 */
#include "explanation.h"

#include "delegate-credentials.h"

/* For what is unknown: a word for the place, and where Kubernetes has it. */
#define STORE "STORE"
#define API_HOST "kubernetes.default.svc"
#define API_PORT "443"

const char *explanation_mismatch(enum rules_verdict v)
{
	static const char *const keys[] = {
		[RULES_MATCH] = NULL,
		[RULES_NOT_PLUGIN] = "matchPlugins",
		[RULES_NOT_IPAM] = "matchIPAM",
		[RULES_NOT_DELEGATE] = "matchDelegates",
		[RULES_NOT_NAMESPACE] = "matchNamespaces",
	};

	return keys[v];
}

static void assume(struct explanation *x, const char *text)
{
	if (text != NULL)
		x->assumptions[x->assumption_count++] = text;
}

static void assume_material(struct explanation *x,
			    const struct explanation_place *place)
{
	const char *directory = config_rule_directory(x->rule);

	if (directory != NULL) {
		assume(x, arena_printf(&x->arena,
				       "%s in the daemon's container holds a "
				       "token",
				       directory));
		return;
	}
	assume(x, "the store has a credential of this rule, good for another "
		  "minute");
	if (place->store == NULL)
		assume(x, STORE " is what multus-delegate-exec is given as "
				"--store");
}

static void assume_host(struct explanation *x)
{
	assume(x, "the host has no files of its own in /" DC_VAR_RUN
		  "/" DC_SECRETS_DIR);
	assume(x, "the network configuration chooses no API server and no "
		  "credential itself");
}

/* As the helper: one that is empty is none. */
static bool knows_api(const struct explanation_place *place)
{
	return place->api_host != NULL && place->api_host[0] != '\0' &&
	       place->api_port != NULL && place->api_port[0] != '\0';
}

static void assume_api(struct explanation *x,
		       const struct explanation_place *place)
{
	assume(x, knows_api(place) ?
			  "the daemon has the " DC_ENV_API_HOST
			  " and " DC_ENV_API_PORT " that are set here" :
			  "the API server is " API_HOST
			  ": " DC_ENV_API_HOST " and " DC_ENV_API_PORT
			  " are not set here");
}

static void make_plan(struct explanation *x,
		      const struct explanation_place *place)
{
	static const struct netconf plain;
	const struct plan_facts facts = {
		.command = x->request->command,
		.rule = x->rule,
		.store = place->store == NULL ? STORE : place->store,
		.api_host = knows_api(place) ? place->api_host : API_HOST,
		.api_port = knows_api(place) ? place->api_port : API_PORT,
		.netconf = &plain,
		.target = TARGET_FREE,
	};

	/* A refusal is in x; its code says so. */
	(void)!plan_make(&facts, &x->arena, &x->plan, &x->report, &x->refusal);
}

void explanation_make(struct explanation *ret,
		      const struct explanation_place *place)
{
	ret->rule = rules_find(ret->config, ret->request);
	if (ret->rule != NULL) {
		assume_material(ret, place);
		assume_host(ret);
		if (ret->rule->kubeconfig != NULL)
			assume_api(ret, place);
	}
	make_plan(ret, place);
}

void explanation_free(struct explanation *x)
{
	arena_free(&x->arena);
}
