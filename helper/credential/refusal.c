/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "answer.h"
#include "delegate-credentials.h"
#include "refusal.h"

bool refusal_is_none(const struct api_answer *a)
{
	return a->status == 200 || a->status == 201;
}

bool refusal_is_passing(const struct api_answer *a)
{
	return a->status == 408 || a->status == 429 || a->status >= 500 ||
	       a->status < 400;
}

/* "create serviceaccounts/token 'x' in namespace 'y'" */
static void describe(const struct request *r, char *ret, size_t size)
{
	snprintf(ret, size, "%s %s '%s' in namespace '%s'", r->verb,
		 r->resource, r->name, r->namespace);
}

/* The server's words come last: they are what may be cut. */
static void quote(const struct api_answer *a, char *ret, size_t size)
{
	char text[200];

	answer_status(a->body, a->len, text, sizeof(text));
	snprintf(ret, size, "HTTP status %ld%s%s", a->status,
		 text[0] ? ", " : "", text);
}

/* What was asked comes last: its names may be long. */
int refusal_of_type(const struct request *r, const struct api_answer *a,
		    struct err *e)
{
	const char *type = a->content_type;
	char what[600];

	describe(r, what, sizeof(what));
	return err_set(e, DC_CODE_TRY_AGAIN,
		       "let the API server, and what is between it and this "
		       "program, answer in JSON: HTTP status %ld came with%s "
		       "Content-Type%s%s: %s",
		       a->status, type[0] ? "" : "out a", type[0] ? " " : "",
		       type, what);
}

int refusal_err(const struct request *r, const struct api_answer *a,
		const char *config_file, struct err *e)
{
	char what[600], said[256];

	describe(r, what, sizeof(what));
	quote(a, said, sizeof(said));
	if (refusal_is_passing(a))
		return err_set(e, DC_CODE_TRY_AGAIN,
			       "wait for the API server: %s: %s", what, said);
	if (a->status == 401)
		return err_set(e, DC_CODE_FORBIDDEN,
			       "let the API server know the account of "
			       "multus-credential, which may not %s: %s", what,
			       said);
	if (a->status == 403)
		return err_set(e, DC_CODE_FORBIDDEN,
			       "run 'multus-credential rbac --config=%s | "
			       "kubectl apply -f -': multus-credential may not "
			       "%s: %s", config_file, what, said);
	if (a->status == 404)
		return err_set(e, DC_CODE_FORBIDDEN,
			       "create what is missing, or name another in %s: "
			       "%s: %s", config_file, what, said);
	return err_set(e, DC_CODE_FORBIDDEN, "correct the rule in %s: %s: %s",
		       config_file, what, said);
}
