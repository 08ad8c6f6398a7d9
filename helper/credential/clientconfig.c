/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blockyaml.h"
#include "cleantext.h"
#include "clientconfig.h"
#include "delegate-credentials.h"

#define PATH_MAX_BYTES 4096

/* Where a message says that something stands. */
struct place {
	const char *file;
	const char *list; /* "clusters" */
	const char *name; /* of the entry in it */
	const char *part; /* "cluster" */
};

struct key {
	const char *name;
	const char *remedy; /* NULL: it is read, or means nothing here */
};

#define AS_FILE "name a file instead"

static const struct key cluster_keys[] = {
	{ "server", NULL },
	{ "certificate-authority", NULL },
	{ "disable-compression", NULL },
	{ "extensions", NULL },
	{ "certificate-authority-data", AS_FILE ": certificate-authority" },
	{ "insecure-skip-tls-verify",
	  "take it out and name the server's CA: certificate-authority" },
	{ "proxy-url", "take it out: the API server is reached directly" },
	{ "tls-server-name", "take it out: the server proves its own name" },
	{ NULL, NULL },
};

static const struct key user_keys[] = {
	{ "tokenFile", NULL },
	{ "client-certificate", NULL },
	{ "client-key", NULL },
	{ "extensions", NULL },
	{ "token", AS_FILE ": tokenFile" },
	{ "client-certificate-data", AS_FILE ": client-certificate" },
	{ "client-key-data", AS_FILE ": client-key" },
	{ "exec", "take it out: no program is run; name a tokenFile" },
	{ "auth-provider", "take it out; name a tokenFile" },
	{ "username", "take it out; name a tokenFile" },
	{ "password", "take it out; name a tokenFile" },
	{ "as", "take it out: nobody is impersonated" },
	{ "as-uid", "take it out: nobody is impersonated" },
	{ "as-groups", "take it out: nobody is impersonated" },
	{ "as-user-extra", "take it out: nobody is impersonated" },
	{ NULL, NULL },
};

static int fail_key(const struct place *p, const char *key, const char *remedy,
		    struct err *e)
{
	err_set(e, DC_CODE_CONFIG, "correct %s: %s '%s', %s.%s: %s", p->file,
		p->list, p->name, p->part, key, remedy);
	return -1;
}

static int out_of_memory(struct err *e)
{
	err_set(e, DC_CODE_INTERNAL, "give the program more memory");
	return -1;
}

static int fail_unknown(const struct place *p, const char *key, struct err *e)
{
	char name[64];

	cleantext(key, strlen(key), name, sizeof(name));
	return fail_key(p, name, "take it out: there is no such key", e);
}

static int check_keys(const struct place *p, json_t *part,
		      const struct key *known, struct err *e)
{
	const struct key *k;
	const char *name;
	json_t *value;

	json_object_foreach (part, name, value) {
		for (k = known; k->name && strcmp(k->name, name); k++)
			;
		if (!k->name)
			return fail_unknown(p, name, e);
		if (k->remedy && !json_is_null(value) && !json_is_false(value))
			return fail_key(p, k->name, k->remedy, e);
	}
	return 0;
}

static bool is_printable(const char *s)
{
	for (; *s; s++)
		if (!isgraph((unsigned char)*s) && *s != ' ')
			return false;
	return true;
}

/* Absent is NULL and no mistake. */
static int read_string(const struct place *p, json_t *part, const char *key,
		       const char **ret, struct err *e)
{
	json_t *value = json_object_get(part, key);

	*ret = NULL;
	if (!value || json_is_null(value))
		return 0;
	*ret = json_string_value(value);
	if (!*ret || !**ret || strlen(*ret) > PATH_MAX_BYTES ||
	    !is_printable(*ret))
		return fail_key(p, key, "give it one line of ASCII text", e);
	return 0;
}

static int copy(char **ret, const char *from, struct err *e)
{
	*ret = strdup(from);
	return *ret ? 0 : out_of_memory(e);
}

/* As kubectl does: beside the kubeconfig, unless the path is absolute. */
static int read_path(const struct place *p, json_t *part, const char *key,
		     char **ret, struct err *e)
{
	const char *slash = strrchr(p->file, '/');
	const char *path;

	if (read_string(p, part, key, &path, e) < 0)
		return -1;
	if (!path)
		return 0;
	if (path[0] == '/' || !slash)
		return copy(ret, path, e);
	if (asprintf(ret, "%.*s/%s", (int)(slash - p->file), p->file, path) < 0)
		*ret = NULL;
	return *ret ? 0 : out_of_memory(e);
}

/* https://HOST[:PORT][/PATH]: libcurl judges the rest. */
static int read_server(const struct place *p, json_t *part, char **ret,
		       struct err *e)
{
	static const char scheme[] = "https://";
	const char *url;
	size_t len;

	if (read_string(p, part, "server", &url, e) < 0)
		return -1;
	if (!url || strncmp(url, scheme, strlen(scheme)) ||
	    strpbrk(url, "@?# \\"))
		return fail_key(p, "server", "give https://HOST:PORT", e);
	if (copy(ret, url, e) < 0)
		return -1;
	len = strlen(*ret);
	while (len > strlen(scheme) && (*ret)[len - 1] == '/')
		(*ret)[--len] = '\0';
	if (len == strlen(scheme))
		return fail_key(p, "server", "give https://HOST:PORT", e);
	return 0;
}

static int read_cluster(const struct place *p, json_t *part,
			struct bootstrap *ret, struct err *e)
{
	if (check_keys(p, part, cluster_keys, e) < 0 ||
	    read_server(p, part, &ret->server, e) < 0 ||
	    read_path(p, part, "certificate-authority", &ret->ca_file, e) < 0)
		return -1;
	if (!ret->ca_file)
		return fail_key(p, "certificate-authority",
				"name the file with the server's CA", e);
	return 0;
}

static int read_user(const struct place *p, json_t *part, struct bootstrap *ret,
		     struct err *e)
{
	if (check_keys(p, part, user_keys, e) < 0 ||
	    read_path(p, part, "tokenFile", &ret->token_file, e) < 0 ||
	    read_path(p, part, "client-certificate", &ret->client_certificate,
		      e) < 0 ||
	    read_path(p, part, "client-key", &ret->client_key, e) < 0)
		return -1;
	if (!ret->client_certificate != !ret->client_key)
		return fail_key(p, "client-key",
				"name it together with client-certificate", e);
	if (!ret->token_file && !ret->client_key)
		return fail_key(p, "tokenFile",
				"name the file with the token, or a "
				"client-certificate and client-key", e);
	return 0;
}

/* The part of the entry of that name in a kubeconfig's list. */
static json_t *find(const struct place *p, json_t *root, struct err *e)
{
	json_t *entry, *list = json_object_get(root, p->list);
	size_t i;

	json_array_foreach (list, i, entry) {
		const char *name =
			json_string_value(json_object_get(entry, "name"));
		json_t *part = json_object_get(entry, p->part);

		if (name && !strcmp(name, p->name) && json_is_object(part))
			return part;
	}
	err_set(e, DC_CODE_CONFIG, "correct %s: %s: add one of the name '%s'",
		p->file, p->list, p->name);
	return NULL;
}

static int read_name(const struct place *p, json_t *part, const char *key,
		     const char **ret, struct err *e)
{
	if (read_string(p, part, key, ret, e) < 0)
		return -1;
	return *ret ? 0 : fail_key(p, key, "name one", e);
}

static int read_root(const char *file, json_t *root, struct bootstrap *ret,
		     struct err *e)
{
	struct place context = { file, "contexts", "", "context" };
	struct place cluster = { file, "clusters", "", "cluster" };
	struct place user = { file, "users", "", "user" };
	json_t *part;

	context.name =
		json_string_value(json_object_get(root, "current-context"));
	if (!context.name || !*context.name || !is_printable(context.name))
		return err_set(e, DC_CODE_CONFIG,
			       "correct %s: current-context: name one of its "
			       "contexts", file);
	part = find(&context, root, e);
	if (!part || read_name(&context, part, "cluster", &cluster.name, e) < 0 ||
	    read_name(&context, part, "user", &user.name, e) < 0)
		return -1;
	part = find(&cluster, root, e);
	if (!part || read_cluster(&cluster, part, ret, e) < 0)
		return -1;
	part = find(&user, root, e);
	return part ? read_user(&user, part, ret, e) : -1;
}

/* jansson's own text would quote what stands there. */
static json_t *parse_json(const char *buf, size_t len, struct err *e)
{
	json_error_t at;
	json_t *root = json_loadb(buf, len, JSON_REJECT_DUPLICATES, &at);

	if (!root)
		err_set(e, DC_CODE_CONFIG, "line %d: write JSON", at.line);
	return root;
}

static bool begins_as_json(const char *buf, size_t len)
{
	while (len > 0 && isspace((unsigned char)*buf)) {
		buf++;
		len--;
	}
	return len > 0 && *buf == '{';
}

int clientconfig_kubeconfig(const char *file, const char *buf, size_t len,
			    struct bootstrap *ret, struct err *e)
{
	json_t *root = begins_as_json(buf, len) ? parse_json(buf, len, e) :
						  blockyaml_parse(buf, len, e);
	int failed;

	memset(ret, 0, sizeof(*ret));
	if (!root)
		return err_set(e, e->code, "correct %s: %s", file, e->msg);
	failed = read_root(file, root, ret, e);
	json_decref(root);
	if (failed)
		bootstrap_free(ret);
	return failed;
}

static bool is_host_name(const char *host)
{
	size_t len = strlen(host);

	if (len == 0 || len > 253 || host[0] == '-' || host[0] == '.')
		return false;
	for (; *host; host++)
		if (!isalnum((unsigned char)*host) && !strchr("-.", *host))
			return false;
	return true;
}

static bool is_port(const char *port)
{
	size_t len = strlen(port);
	long n = 0;

	for (const char *c = port; *c; c++) {
		if (!isdigit((unsigned char)*c) || len > 5)
			return false;
		n = n * 10 + (*c - '0');
	}
	return n >= 1 && n <= 65535;
}

int clientconfig_in_cluster(const char *host, const char *port,
			    struct bootstrap *ret, struct err *e)
{
	struct in6_addr address;
	bool v6;

	memset(ret, 0, sizeof(*ret));
	if (!host || !port)
		return err_set(e, DC_CODE_CONFIG,
			       "give --kubeconfig=FILE, or run this in a pod: "
			       DC_ENV_API_HOST " and " DC_ENV_API_PORT
			       " are not set");
	v6 = inet_pton(AF_INET6, host, &address) == 1;
	if ((!v6 && !is_host_name(host)) || !is_port(port))
		return err_set(e, DC_CODE_CONFIG,
			       "correct " DC_ENV_API_HOST " and "
			       DC_ENV_API_PORT ": an address or name, and a "
			       "port number");
	if (asprintf(&ret->server, v6 ? "https://[%s]:%s" : "https://%s:%s",
		     host, port) < 0)
		ret->server = NULL;
	ret->ca_file = strdup(DC_SERVICE_ACCOUNT_DIR "/" DC_CA_NAME);
	ret->token_file = strdup(DC_SERVICE_ACCOUNT_DIR "/" DC_TOKEN_NAME);
	if (ret->server && ret->ca_file && ret->token_file)
		return 0;
	bootstrap_free(ret);
	return out_of_memory(e);
}
