/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "boundedjson.h"
#include "cleantext.h"
#include "jwt.h"
#include "rfc3339.h"
#include "wipe.h"

static int refuse(struct err *e, const char *what)
{
	return err_set(e, DC_CODE_TRY_AGAIN,
		       "look at the API server, and at what is between it and "
		       "this program: %s", what);
}

/* The tree, where it is an object of that kind. */
static json_t *parse(const char *body, size_t len, const char *api_version,
		     const char *kind, struct err *e)
{
	json_t *root = boundedjson_parse(body, len);
	const char *its_version = boundedjson_string(root, "apiVersion");
	const char *its_kind = boundedjson_string(root, "kind");
	char what[128];

	if (its_version && its_kind && !strcmp(its_version, api_version) &&
	    !strcmp(its_kind, kind))
		return root;
	json_decref(root);
	snprintf(what, sizeof(what), "its answer is no %s of %s", kind,
		 api_version);
	refuse(e, what);
	return NULL;
}

static bool is_token(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isgraph((unsigned char)s[i]))
			return false;
	return len > 0 && len <= (size_t)DC_STORE_TOKEN_MAX;
}

static bool has_audience(const json_t *aud, const char *wanted)
{
	const json_t *one;
	size_t i;

	if (json_is_string(aud))
		return !strcmp(json_string_value(aud), wanted);
	json_array_foreach (aud, i, one)
		if (json_is_string(one) &&
		    !strcmp(json_string_value(one), wanted))
			return true;
	return false;
}

static bool is_subject(const char *sub, const struct config_token *asked)
{
	char wanted[sizeof("system:serviceaccount::") + DC_STORE_ACCOUNT_MAX];

	snprintf(wanted, sizeof(wanted), "system:serviceaccount:%s:%s",
		 asked->namespace, asked->service_account_name);
	return sub && !strcmp(sub, wanted);
}

/*
 * One that is too long for the metadata, or not clean, would not join with the
 * audit log.
 */
static void take_jti(const char *jti, struct answer_token *ret)
{
	char clean[sizeof(ret->jti)];

	if (!jti)
		return;
	cleantext(jti, strlen(jti), clean, sizeof(clean));
	if (!strcmp(jti, clean))
		memcpy(ret->jti, clean, sizeof(clean));
}

static int judge_claims(const json_t *claims, const struct config_token *asked,
			struct answer_token *ret, struct err *e)
{
	const json_t *iat = json_object_get(claims, "iat");
	const json_t *exp = json_object_get(claims, "exp");

	if (!is_subject(boundedjson_string(claims, "sub"), asked))
		return refuse(e, "its token is for another account");
	if (asked->audience &&
	    !has_audience(json_object_get(claims, "aud"), asked->audience))
		return refuse(e, "its token is for another audience");
	if (!json_is_integer(exp))
		return refuse(e, "its token does not say when it ends");
	if (json_integer_value(exp) < ret->expires)
		ret->expires = json_integer_value(exp);
	if (json_is_integer(iat) && json_integer_value(iat) > 0 &&
	    json_integer_value(iat) < ret->expires)
		ret->issued = json_integer_value(iat);
	take_jti(boundedjson_string(claims, "jti"), ret);
	return 0;
}

static int judge_expiry(int64_t expires, int64_t now, struct err *e)
{
	if (expires < now + DC_STORE_MIN_LIFE)
		return err_set(e, DC_CODE_TRY_AGAIN,
			       "set the clocks of this node and of the API "
			       "server: a new token ends %" PRId64
			       " s from now", expires - now);
	return 0;
}

static int judge_token(const json_t *root, const struct config_token *asked,
		       int64_t now, struct answer_token *ret, struct err *e)
{
	const json_t *status = json_object_get(root, "status");
	const json_t *token = json_object_get(status, "token");
	const char *text = json_string_value(token);
	size_t len = json_string_length(token);
	const char *end;
	json_t *claims;
	int failed;

	if (!text || !is_token(text, len))
		return refuse(e, "its token is empty, too long or no token");
	end = boundedjson_string(status, "expirationTimestamp");
	if (!end || rfc3339_parse(end, &ret->expires) < 0)
		return refuse(e, "its answer has no status.expirationTimestamp "
				 "that can be read");
	if (jwt_is_one(text, len)) {
		claims = jwt_claims(text, len);
		failed = claims ? judge_claims(claims, asked, ret, e) :
				  refuse(e, "its token is cut off or damaged");
		json_decref(claims);
		if (failed)
			return -1;
	}
	if (judge_expiry(ret->expires, now, e) < 0)
		return -1;
	ret->token = wipe_malloc(len + 1);
	if (!ret->token)
		return err_set(e, DC_CODE_INTERNAL,
			       "give the program more memory");
	memcpy(ret->token, text, len + 1);
	ret->token_len = len;
	return 0;
}

int answer_token(const char *body, size_t len, const struct config_token *asked,
		 int64_t now, struct answer_token *ret, struct err *e)
{
	json_t *root = parse(body, len, "authentication.k8s.io/v1",
			     "TokenRequest", e);
	int failed;

	memset(ret, 0, sizeof(*ret));
	ret->issued = now;
	if (!root)
		return -1;
	failed = judge_token(root, asked, now, ret, e);
	json_decref(root);
	return failed;
}

void answer_token_wipe(struct answer_token *t)
{
	wipe_free(t->token);
	memset(t, 0, sizeof(*t));
}

static bool is_named(const json_t *root, const char *key, const char *wanted)
{
	const json_t *metadata = json_object_get(root, "metadata");
	const char *name = boundedjson_string(metadata, key);

	return name && !strcmp(name, wanted);
}

/* What client-go would take for a CA: at least one whole block. */
static bool has_certificate(const char *pem)
{
	const char *begin = strstr(pem, "-----BEGIN CERTIFICATE-----");

	return begin && strstr(begin, "-----END CERTIFICATE-----");
}

/* Its value, which is the tree's; NULL with e where it will not do. */
static const char *find_item(const json_t *data,
			     const struct config_config_map *asked,
			     const struct config_item *item, struct err *e)
{
	const char *value = boundedjson_string(data, item->key);

	if (!value)
		err_set(e, DC_CODE_CONFIG,
			"add the key '%s' to the ConfigMap %s/%s, or name "
			"another in the configuration", item->key,
			asked->namespace, asked->name);
	else if (!strcmp(item->path, DC_CA_NAME) && !has_certificate(value))
		err_set(e, DC_CODE_CONFIG,
			"put a PEM certificate into the key '%s' of the "
			"ConfigMap %s/%s", item->key, asked->namespace,
			asked->name);
	else
		return value;
	return NULL;
}

static int copy_item(const char *value, char **ret, struct err *e)
{
	size_t size = strlen(value) + 1;

	*ret = wipe_malloc(size);
	if (!*ret)
		return err_set(e, DC_CODE_INTERNAL,
			       "give the program more memory");
	memcpy(*ret, value, size);
	return 0;
}

static void free_values(char **values, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		wipe_free(values[i]);
		values[i] = NULL;
	}
}

int answer_config_map(const char *body, size_t len,
		      const struct config_config_map *asked, char **ret_values,
		      struct err *e)
{
	json_t *root = parse(body, len, "v1", "ConfigMap", e);
	int failed = root ? 0 : -1;
	const char *value;

	memset(ret_values, 0, asked->item_count * sizeof(*ret_values));
	if (root && (!is_named(root, "name", asked->name) ||
		     !is_named(root, "namespace", asked->namespace)))
		failed = refuse(e, "its answer is another ConfigMap");
	for (size_t i = 0; !failed && i < asked->item_count; i++) {
		value = find_item(json_object_get(root, "data"), asked,
				  &asked->items[i], e);
		failed = value ? copy_item(value, &ret_values[i], e) : -1;
	}
	json_decref(root);
	if (failed)
		free_values(ret_values, asked->item_count);
	return failed;
}

void answer_status(const char *body, size_t len, char *ret, size_t size)
{
	json_t *root = boundedjson_parse(body, len);
	const char *kind = boundedjson_string(root, "kind");
	const char *reason = boundedjson_string(root, "reason");
	const char *message = boundedjson_string(root, "message");
	char *both = NULL;

	ret[0] = '\0';
	if (kind && !strcmp(kind, "Status") &&
	    asprintf(&both, "%s%s%s", reason ? reason : "",
		     reason && message ? ": " : "", message ? message : "") < 0)
		both = NULL;
	if (both)
		cleantext(both, strlen(both), ret, size);
	wipe_free(both);
	json_decref(root);
}
