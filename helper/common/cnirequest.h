/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CNIREQUEST_H
#define CNIREQUEST_H

#include <stdbool.h>

#include "err.h"

/* The CNI verbs (CNI spec 1.1.0, section 2, CNI_COMMAND). */
enum cni_command {
	CNI_OTHER, /* VERSION, a verb of tomorrow, or none: needs no credential */
	CNI_ADD,
	CNI_DEL,
	CNI_CHECK,
	CNI_GC,
	CNI_STATUS,
};

#define CNI_NAME_MAX 253 /* an RFC 1123 subdomain */

/* The types that the caller found in the netconf; "" where absent. */
struct cni_types {
	char main[256];
	char ipam[256];
	char delegate[256];
	char delegate_ipam[256];
};

/* Who asks: the pod as CNI_ARGS names it, "" where absent or not a name. */
struct cni_pod {
	char namespace[CNI_NAME_MAX + 1];
	char name[CNI_NAME_MAX + 1];
};

/* command may be NULL. */
enum cni_command cni_command_parse(const char *command);

/* "ADD" and so on, "" for CNI_OTHER. */
const char *cni_command_name(enum cni_command c);

/*
 * Splits MAIN,IPAM,DELEGATE,DELEGATE_IPAM: exactly three commas, MAIN not
 * empty. -1 with DC_CODE_COMMAND_LINE for the form, and with
 * DC_CODE_UNSAFE_REQUEST for a type that is no plain file name (a slash, ".",
 * "..", a control character, over 255 bytes).
 */
int cni_types_parse(const char *arg, struct cni_types *ret, struct err *e)
	__attribute__((warn_unused_result));

/*
 * K8S_POD_NAMESPACE and K8S_POD_NAME out of CNI_ARGS (";"-separated KEY=VALUE,
 * the last one wins as in libcni's parser). args may be NULL and is not
 * trusted: what is no RFC 1123 subdomain is left out.
 */
void cni_pod_parse(const char *args, struct cni_pod *ret);

#endif
