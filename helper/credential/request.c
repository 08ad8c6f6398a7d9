/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "delegate-credentials.h"
#include "request.h"

static bool is_name(const char *s)
{
	size_t len = strlen(s);

	if (len == 0 || len > 253 || !isalnum((unsigned char)s[0]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)s[i]) && !strchr("-.", s[i]))
			return false;
	return true;
}

/* collection: as in a path, "serviceaccounts"; behind: "" or "/token". */
static int set_path(struct request *r, const char *collection,
		    const char *behind, struct err *e)
{
	if (!is_name(r->name) || !is_name(r->namespace))
		return err_set(e, DC_CODE_CONFIG,
			       "correct the name of one of the %s: letters, "
			       "digits, '-' and '.'", collection);
	snprintf(r->path, sizeof(r->path), "/api/v1/namespaces/%s/%s/%s%s",
		 r->namespace, collection, r->name, behind);
	return 0;
}

int request_config_map(const struct config_config_map *from,
		       struct request *ret, struct err *e)
{
	*ret = (struct request){ .verb = "get",
				 .resource = "configmaps",
				 .namespace = from->namespace,
				 .name = from->name };
	return set_path(ret, "configmaps", "", e);
}

int request_token(const struct config_token *from, struct request *ret,
		  struct err *e)
{
	*ret = (struct request){ .verb = "create",
				 .resource = "serviceaccounts/token",
				 .namespace = from->namespace,
				 .name = from->service_account_name };
	return set_path(ret, "serviceaccounts", "/token", e);
}

/* Without a UID: the object is bound as the server finds it. */
static json_t *bound_ref(const struct config_token *from, const char *node_name)
{
	bool is_node = from->bound_to == CONFIG_BOUND_TO_NODE;

	return json_pack("{s:s, s:s, s:s}", "apiVersion", "v1", "kind",
			 is_node ? "Node" : "Secret", "name",
			 is_node ? node_name : from->bound_name);
}

/* No audience is the API server's own: an empty list. Takes ref. */
static json_t *token_request(const struct config_token *from, json_t *ref)
{
	json_t *audiences = json_array();

	if (from->audience)
		json_array_append_new(audiences, json_string(from->audience));
	return json_pack("{s:s, s:s, s:{s:o, s:I, s:o*}}", "apiVersion",
			 "authentication.k8s.io/v1", "kind", "TokenRequest",
			 "spec", "audiences", audiences, "expirationSeconds",
			 (json_int_t)from->expiration_seconds,
			 "boundObjectRef", ref);
}

/* One that is to be bound is never asked for unbound. */
int request_token_body(const struct config_token *from, const char *node_name,
		       char **ret, struct err *e)
{
	bool binds = from->bound_to != CONFIG_BOUND_TO_NOTHING;
	json_t *ref = NULL, *root;

	if (from->bound_to == CONFIG_BOUND_TO_NODE && !node_name)
		return err_set(e, DC_CODE_CONFIG,
			       "give the node's name, to which tokens are to "
			       "be bound");
	if (binds)
		ref = bound_ref(from, node_name);
	root = binds && !ref ? NULL : token_request(from, ref);
	*ret = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	if (!*ret)
		return err_set(e, DC_CODE_INTERNAL,
			       "give the program more memory");
	return 0;
}
