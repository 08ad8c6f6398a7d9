/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAN_H
#define PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "cnirequest.h"
#include "err.h"
#include "netconf.h"
#include "report.h"

/*
 * What has to happen for one delegate, decided without any side effect:
 * request and facts in, a flat list of operations out. The helper executes
 * the list from first to last; a tool that explains prints the same list.
 */

/* What the host has where the credential goes. */
enum plan_target {
	TARGET_FREE,  /* nothing, or empty directories: ours can go there */
	TARGET_TAKEN, /* files of the host's: they win, nothing is covered */
};

struct plan_facts {
	enum cni_command command;
	const char *directory; /* the credential, in the caller's view */
	const struct netconf *netconf; /* valid where netconf_error is NULL */
	/* NULL, or why the netconf cannot be read (106). */
	const struct err *netconf_error;
	/* NULL, or why there is no credential to deliver (11). */
	const struct err *material_error;
	/* NULL, or why the target cannot be looked at (105 or 104). */
	const struct err *target_error;
	enum plan_target target; /* valid where target_error is NULL */
};

enum plan_op_kind {
	PLAN_PRIVATE_COPY, /* copy the mount namespace; path: unused */
	PLAN_TMPFS,	   /* a tmpfs of our own on path */
	PLAN_BIND,	   /* from, read-only, on path */
	PLAN_RUN,	   /* start the delegate; path: unused */
};

/* Paths are those that the delegate sees; from is in the caller's view. */
struct plan_op {
	enum plan_op_kind kind;
	const char *path;
	const char *from;
};

#define PLAN_MAX_OPS 8

struct plan {
	enum report_source source;
	struct plan_op ops[PLAN_MAX_OPS];
	size_t count;
};

/*
 * Decides. Returns 0 with the list in ret, and the source and every warning
 * noted in r; or
 * -1 with the error where the delegate must not start: ADD and CHECK never
 * run without what they need; DEL and GC run without and say so; STATUS, which
 * asks whether an ADD would work, gets the reason as DC_CODE_NOT_AVAILABLE.
 * Borrows the strings of f.
 */
int plan_make(const struct plan_facts *f, struct plan *ret, struct report *r,
	      struct err *e) __attribute__((warn_unused_result));

/*
 * What is left when a step of the set-up fails for the reason why: the list
 * for running without a credential, warned of in r; or -1 with the error, by
 * the same rule as plan_make.
 */
int plan_without(enum cni_command command, const struct err *why,
		 struct plan *ret, struct report *r, struct err *e)
	__attribute__((warn_unused_result));

#endif
