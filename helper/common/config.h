/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "err.h"

/*
 * The administrator's configuration: which delegate gets which credential, and
 * how. Names are those of core/v1 projected volumes (KEP-1205), of PodSpec's
 * env and of client-go's kubeconfig. Decoded by one decoder for all programs.
 */

#define CONFIG_API_VERSION "credentials.k8s.cni.cncf.io/v1alpha1"
#define CONFIG_KIND "DelegateCredentialConfig"

#define CONFIG_MAX_BYTES 1048576 /* as etcd bounds a ConfigMap */
#define CONFIG_MAX_RULES 1000
#define CONFIG_MAX_LIST 64 /* elements of any other list */
#define CONFIG_MAX_EXPANDED 16384 /* a variable's value, with its NUL */

/* TokenRequest's bounds (authentication.k8s.io/v1), seconds. */
#define CONFIG_MIN_EXPIRATION 600
#define CONFIG_MAX_EXPIRATION 4294967296
#define CONFIG_DEFAULT_EXPIRATION 3600

struct config_strings {
	const char **items;
	size_t count;
};

enum config_source_kind {
	CONFIG_TOKEN,	   /* serviceAccountToken */
	CONFIG_CONFIG_MAP, /* configMap */
	CONFIG_DIRECTORY,  /* directory */
};

/* The object whose deletion ends the token. */
enum config_bound_to {
	CONFIG_BOUND_TO_NOTHING,
	CONFIG_BOUND_TO_NODE,	/* the node that the sidecar runs on */
	CONFIG_BOUND_TO_SECRET, /* bound_name, in the account's namespace */
};

struct config_token {
	const char *namespace;
	const char *service_account_name;
	const char *audience; /* NULL: the API server's own */
	int64_t expiration_seconds;
	enum config_bound_to bound_to;
	const char *bound_name; /* NULL but for a Secret */
	const char *path;
};

struct config_item {
	const char *key;
	const char *path;
};

struct config_config_map {
	const char *namespace;
	const char *name;
	struct config_item *items;
	size_t item_count;
};

struct config_source {
	enum config_source_kind kind;
	union {
		struct config_token token;
		struct config_config_map config_map;
		const char *directory; /* absolute, in the helper's container */
	};
};

struct config_kubeconfig {
	const char *context_name; /* NULL: the rule's name */
	const char *namespace;	  /* NULL: the account's */
	/* Netconf keys, dotted ("ipam.kubernetes.kubeconfig"), given its path. */
	struct config_strings config_keys;
};

struct config_env {
	const char *name;
	const char *value; /* with $(NAME) still in it */
};

/* What the delegate may do: one RBAC PolicyRule and where it holds. */
struct config_need {
	struct config_strings namespaces; /* none: the whole cluster */
	struct config_strings api_groups;
	struct config_strings resources;
	struct config_strings resource_names; /* none: all */
	struct config_strings verbs;
};

struct config_rule {
	const char *name; /* an RFC 1123 label */
	size_t line;	  /* where it stands */
	/* A list without elements is not compared. */
	struct config_strings match_plugins;
	struct config_strings match_ipam;
	struct config_strings match_delegates;
	struct config_strings match_namespaces; /* names, or "*" alone */
	/*
	 * A directory alone; or at most one token and any number of config
	 * maps, no two of which have the same path.
	 */
	struct config_source *sources;
	size_t source_count;
	bool service_account_directory;
	struct config_kubeconfig *kubeconfig; /* NULL: none is made */
	struct config_env *env;
	size_t env_count;
	/* Further netconf keys by which these plugins choose a credential. */
	struct config_strings credential_keys;
	struct config_need *needs;
	size_t need_count;
};

/* All memory is the arena's; config_free gives it back. */
struct config {
	struct config_rule *rules;
	size_t rule_count;
	struct arena arena;
};

/*
 * A place in the file, the key there (dotted, "rules[0].name"; "(top level)")
 * and a remedy. All printable ASCII.
 */
struct config_mistake {
	size_t line;
	size_t column;
	char key[128];
	char text[256];
};

#define CONFIG_MAX_MISTAKES 64

struct config_mistakes {
	struct config_mistake items[CONFIG_MAX_MISTAKES];
	size_t count; /* may exceed CONFIG_MAX_MISTAKES: the rest is lost */
	bool no_memory; /* the document is not to blame */
};

/*
 * Decodes a document strictly: unknown, duplicate and case-variant keys, wrong
 * types and values out of bounds are mistakes, and all of them are noted, in
 * the order of the file. Returns 0, and ret is the caller's to free; or -1
 * with at least one mistake and nothing to free. Pure, but not reentrant.
 */
int config_decode(const char *buf, size_t len, struct config *ret,
		  struct config_mistakes *m)
	__attribute__((warn_unused_result));

void config_free(struct config *c);

/*
 * The first mistake as an error (DC_CODE_CONFIG) that names the file, its
 * line, column, key and remedy, how many others there are and how to see them;
 * or, where there was no memory, that (DC_CODE_INTERNAL). Returns -1.
 */
int config_mistakes_err(const char *file, const struct config_mistakes *m,
			struct err *e);

/* The rule's serviceAccountToken source, or NULL. */
const struct config_token *config_rule_token(const struct config_rule *r);

/* The rule's directory, or NULL where its material comes from the store. */
const char *config_rule_directory(const struct config_rule *r);

/* Where the delegate finds the credential: one of the DC_*_DIR. */
const char *config_rule_place(const struct config_rule *r);

#endif
