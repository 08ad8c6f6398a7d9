/* SPDX-License-Identifier: Apache-2.0 */
#include "rbacyaml.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#include "delegate-credentials.h"

#define RBAC_API "rbac.authorization.k8s.io"
#define SIDECAR_ROLE "multus-credential"
#define DELEGATE_ROLE "multus-delegate-"

void rbacyaml_name(const char *rule, char ret[RBAC_NAME_MAX + 1])
{
	const int hash_len = 17; /* with its hyphen */
	uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
	int len = snprintf(ret, RBAC_NAME_MAX + 1, "%s%s", DELEGATE_ROLE, rule);

	if (len <= RBAC_NAME_MAX)
		return;
	for (const char *p = rule; *p != '\0'; p++)
		hash = (hash ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
	snprintf(ret + RBAC_NAME_MAX - hash_len, (size_t)hash_len + 1,
		 "-%016" PRIx64, hash);
}

/* A string of YAML and of JSON: the decoder lets only printable ones pass. */
static void put_string(FILE *out, const char *s)
{
	fputc('"', out);
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			fputc('\\', out);
		fputc(*s, out);
	}
	fputc('"', out);
}

/* namespace may be NULL: the object is the cluster's. */
static void put_head(FILE *out, const char *api_version, const char *kind,
		     const char *namespace, const char *name)
{
	fprintf(out, "---\napiVersion: %s\nkind: %s\nmetadata:\n", api_version,
		kind);
	if (namespace != NULL) {
		fputs("  namespace: ", out);
		put_string(out, namespace);
		fputc('\n', out);
	}
	fputs("  name: ", out);
	put_string(out, name);
	fputc('\n', out);
}

/* The role has the binding's name, and its namespace or none. */
static void put_binding(FILE *out, const char *namespace, const char *name,
			const struct rbac_account *to)
{
	put_head(out, RBAC_API "/v1",
		 namespace == NULL ? "ClusterRoleBinding" : "RoleBinding",
		 namespace, name);
	fprintf(out, "roleRef:\n  apiGroup: " RBAC_API "\n  kind: %s\n  name: ",
		namespace == NULL ? "ClusterRole" : "Role");
	put_string(out, name);
	fputs("\nsubjects:\n- kind: ServiceAccount\n  namespace: ", out);
	put_string(out, to->namespace);
	fputs("\n  name: ", out);
	put_string(out, to->name);
	fputc('\n', out);
}

/* What the sidecar asks for: the account of a token, or a ConfigMap. */
struct object {
	enum config_source_kind kind;
	const char *namespace;
	const char *name;
};

/* Those of all rules, each once, in the order of the configuration. */
struct objects {
	struct object *items;
	size_t count;
};

static void add_object(struct objects *o, const struct object *x)
{
	for (size_t i = 0; i < o->count; i++) {
		if (o->items[i].kind == x->kind &&
		    strcmp(o->items[i].namespace, x->namespace) == 0 &&
		    strcmp(o->items[i].name, x->name) == 0)
			return;
	}
	o->items[o->count++] = *x;
}

static void add_source(struct objects *o, const struct config_source *s)
{
	struct object x = { .kind = s->kind };

	if (s->kind == CONFIG_TOKEN) {
		x.namespace = s->token.namespace;
		x.name = s->token.service_account_name;
	} else {
		x.namespace = s->config_map.namespace;
		x.name = s->config_map.name;
	}
	add_object(o, &x);
}

static int collect_objects(const struct config *c, struct arena *a,
			   struct objects *ret, struct err *e)
{
	size_t max = 0;

	for (size_t i = 0; i < c->rule_count; i++)
		max += c->rules[i].source_count;
	ret->count = 0;
	ret->items = arena_alloc(a, max * sizeof(ret->items[0]));
	if (ret->items == NULL)
		return err_sys(e, DC_CODE_INTERNAL, ENOMEM,
			       "allow more memory");
	for (size_t i = 0; i < c->rule_count; i++) {
		const struct config_rule *r = &c->rules[i];

		for (size_t j = 0; j < r->source_count; j++) {
			if (r->sources[j].kind != CONFIG_DIRECTORY)
				add_source(ret, &r->sources[j]);
		}
	}
	return 0;
}

static void put_accounts(FILE *out, const struct objects *o)
{
	for (size_t i = 0; i < o->count; i++) {
		if (o->items[i].kind == CONFIG_TOKEN)
			put_head(out, "v1", "ServiceAccount",
				 o->items[i].namespace, o->items[i].name);
	}
}

/* One rule for the objects of a kind in a namespace, if there are any. */
static void put_sidecar_rule(FILE *out, const struct objects *o,
			     enum config_source_kind kind,
			     const char *namespace, const char *resource,
			     const char *verb)
{
	size_t n = 0;

	for (size_t i = 0; i < o->count; i++) {
		if (o->items[i].kind != kind ||
		    strcmp(o->items[i].namespace, namespace) != 0)
			continue;
		if (n++ == 0)
			fprintf(out,
				"- apiGroups: [\"\"]\n  resources: [\"%s\"]\n"
				"  verbs: [\"%s\"]\n  resourceNames:\n",
				resource, verb);
		fputs("  - ", out);
		put_string(out, o->items[i].name);
		fputc('\n', out);
	}
}

static void put_sidecar_role(FILE *out, const struct objects *o,
			     const char *namespace,
			     const struct rbac_account *sidecar)
{
	put_head(out, RBAC_API "/v1", "Role", namespace, SIDECAR_ROLE);
	fputs("rules:\n", out);
	put_sidecar_rule(out, o, CONFIG_TOKEN, namespace,
			 "serviceaccounts/token", "create");
	put_sidecar_rule(out, o, CONFIG_CONFIG_MAP, namespace, "configmaps",
			 "get");
	put_binding(out, namespace, SIDECAR_ROLE, sidecar);
}

static void put_sidecar_roles(FILE *out, const struct objects *o,
			      const struct rbac_account *sidecar)
{
	for (size_t i = 0; i < o->count; i++) {
		const char *namespace = o->items[i].namespace;
		size_t before = 0;

		while (strcmp(o->items[before].namespace, namespace) != 0)
			before++;
		if (before == i)
			put_sidecar_role(out, o, namespace, sidecar);
	}
}

static void put_list(FILE *out, const char *before, const char *key,
		     const struct config_strings *list)
{
	if (list->count == 0)
		return;
	fprintf(out, "%s%s: ", before, key);
	for (size_t i = 0; i < list->count; i++) {
		fputs(i == 0 ? "[" : ", ", out);
		put_string(out, list->items[i]);
	}
	fputs("]\n", out);
}

/* NULL stands for the whole cluster. */
static bool holds_in(const struct config_need *n, const char *namespace)
{
	if (namespace == NULL)
		return n->namespaces.count == 0;
	for (size_t i = 0; i < n->namespaces.count; i++) {
		if (strcmp(n->namespaces.items[i], namespace) == 0)
			return true;
	}
	return false;
}

/* What a rule needs in one place; the need at from is the first of it. */
static void put_delegate_role(FILE *out, const struct config_rule *r,
			      size_t from, const char *namespace)
{
	const struct config_token *t = config_rule_token(r);
	const struct rbac_account to = { t->namespace,
					 t->service_account_name };
	char name[RBAC_NAME_MAX + 1];

	rbacyaml_name(r->name, name);
	put_head(out, RBAC_API "/v1",
		 namespace == NULL ? "ClusterRole" : "Role", namespace, name);
	fputs("rules:\n", out);
	for (size_t i = from; i < r->need_count; i++) {
		const struct config_need *n = &r->needs[i];

		if (!holds_in(n, namespace))
			continue;
		put_list(out, "- ", "apiGroups", &n->api_groups);
		put_list(out, "  ", "resources", &n->resources);
		put_list(out, "  ", "verbs", &n->verbs);
		put_list(out, "  ", "resourceNames", &n->resource_names);
	}
	put_binding(out, namespace, name, &to);
}

/* A role where the need at index is the first that holds there. */
static void put_need(FILE *out, const struct config_rule *r, size_t index,
		     const char *namespace)
{
	for (size_t i = 0; i < index; i++) {
		if (holds_in(&r->needs[i], namespace))
			return;
	}
	put_delegate_role(out, r, index, namespace);
}

static void put_delegate_roles(FILE *out, const struct config_rule *r)
{
	for (size_t i = 0; i < r->need_count; i++) {
		const struct config_strings *in = &r->needs[i].namespaces;

		for (size_t j = 0; j < in->count; j++)
			put_need(out, r, i, in->items[j]);
		if (in->count == 0)
			put_need(out, r, i, NULL);
	}
}

int rbacyaml_print(FILE *out, const struct config *c,
		   const struct rbac_account *sidecar, struct err *e)
{
	struct arena arena = { NULL };
	struct objects objects;

	if (collect_objects(c, &arena, &objects, e) < 0)
		return -1;
	put_accounts(out, &objects);
	put_sidecar_roles(out, &objects, sidecar);
	for (size_t i = 0; i < c->rule_count; i++)
		put_delegate_roles(out, &c->rules[i]);
	arena_free(&arena);
	return 0;
}
