/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAN_H
#define PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "arena.h"
#include "cnirequest.h"
#include "config.h"
#include "err.h"
#include "netconf.h"
#include "report.h"

/*
 * What has to happen for one delegate, decided without any side effect:
 * request, configuration and facts in, a flat list of operations out. The
 * helper executes the list from first to last; a tool that explains prints
 * the same list.
 */

/* What the host has where the credential goes. */
enum plan_target {
	TARGET_FREE,  /* nothing, or empty directories: ours can go there */
	TARGET_TAKEN, /* files of the host's: they win, nothing is covered */
};

struct plan_facts {
	enum cni_command command;
	/* The caller's own credential, in its view; NULL: by the rules. */
	const char *directory;
	/* By the rules: NULL, or why there are none to go by (102, 104, 100). */
	const struct err *config_error;
	const struct config_rule *rule; /* the one that matches, or NULL */
	const char *store; /* the store's directory, in the caller's view */
	const char *api_host; /* KUBERNETES_SERVICE_HOST, NULL where unset */
	const char *api_port; /* KUBERNETES_SERVICE_PORT, NULL where unset */
	const struct netconf *netconf; /* valid where netconf_error is NULL */
	/* NULL, or why the netconf cannot be read (106). */
	const struct err *netconf_error;
	/* NULL, or why there is no credential to deliver (11, 100, 102, 103, 104). */
	const struct err *material_error;
	/* NULL, or why the target cannot be looked at (105 or 104). */
	const struct err *target_error;
	enum plan_target target; /* valid where target_error is NULL */
};

enum plan_op_kind {
	PLAN_PRIVATE_COPY, /* copy the mount namespace; path, text: unused */
	PLAN_TMPFS,	   /* a tmpfs of our own on path; text: unused */
	PLAN_FILE, /* a file of mode 0400 at path in it; text: its content */
	PLAN_BIND, /* text, in the caller's view, read-only on path */
	PLAN_ENV,  /* the variable path is set to text; NULL: taken out */
	PLAN_CONF_KEY, /* the netconf's dotted key path is set to text */
	PLAN_RUN,      /* start the delegate; path, text: unused */
};

/* Paths are those that the delegate sees. */
struct plan_op {
	enum plan_op_kind kind;
	const char *path;
	const char *text;
};

#define PLAN_MAX_OPS (8 + 2 * CONFIG_MAX_LIST)

struct plan {
	enum report_source source;
	struct plan_op ops[PLAN_MAX_OPS];
	size_t count;
};

/*
 * Whether the plan depends on there being a credential. Where it does not,
 * nobody has to look or to wait for one; material_error and what is behind it
 * are not asked for.
 */
bool plan_needs_material(const struct plan_facts *f);

/*
 * Where the material lies, in the caller's view: the given directory, the
 * rule's, or the rule's part of the store. NULL where there is no memory.
 */
const char *plan_material(const struct plan_facts *f, struct arena *a);

/*
 * Decides. Returns 0 with the list in ret, and the source and every warning
 * noted in r; or -1 with the error where the delegate must not start: ADD and
 * CHECK never run without what they need; DEL and GC run without and say so;
 * STATUS, which asks whether an ADD would work, gets the reason as
 * DC_CODE_NOT_AVAILABLE. Borrows the strings of f; those that it makes are a's.
 */
int plan_make(const struct plan_facts *f, struct arena *a, struct plan *ret,
	      struct report *r, struct err *e)
	__attribute__((warn_unused_result));

/*
 * What is left when a step of the set-up fails for the reason why: the list
 * for running without a credential, warned of in r; or -1 with the error, by
 * the same rule as plan_make.
 */
int plan_without(enum cni_command command, const struct err *why,
		 struct plan *ret, struct report *r, struct err *e)
	__attribute__((warn_unused_result));

/* The first operation of a kind, or NULL. */
const struct plan_op *plan_find(const struct plan *p, enum plan_op_kind kind);

/*
 * The list for people, one line an operation, what belongs to it indented
 * below; no control character of the configuration's in it. Returns 0, or -1
 * where it could not be written.
 */
int plan_print(const struct plan *p, FILE *out)
	__attribute__((warn_unused_result));

#endif
