/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_H
#define REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cnirequest.h"
#include "delegate-credentials.h"
#include "err.h"

/* Where the delegate's credential came from. */
enum report_source {
	SOURCE_NONE,	  /* none was needed, or none could be had */
	SOURCE_DIRECTORY, /* a directory of the caller's */
	SOURCE_STORE,	  /* the store, by a rule */
	SOURCE_CONF,	  /* the netconf chooses its own: nothing delivered */
	SOURCE_HOST,	  /* the host has files there: they win */
};

/* "none" and so on, as in the report. */
const char *report_source_name(enum report_source s);

#define REPORT_FALLBACKS 8
#define REPORT_FALLBACK_MAX 512

/*
 * One delegate's run, for the caller's log; never a secret. Strings that the
 * report only points to stay their owners'.
 */
struct report {
	const char *rule;   /* the one that matched; NULL: none, or no rules */
	const char *plugin; /* path, may be NULL */
	struct cni_types types;
	enum cni_command command;
	struct cni_pod pod;
	enum report_source source;
	char jti[DC_STORE_JTI_MAX + 1]; /* of the token delivered; "": none */
	int64_t expires; /* Unix time up to year 9999; 0: no token delivered */
	char fallbacks[REPORT_FALLBACKS][REPORT_FALLBACK_MAX];
	size_t fallback_count; /* may exceed REPORT_FALLBACKS: the rest is lost */
	uint64_t setup_us;
	uint64_t teardown_us;
	int exit_status; /* -1: the delegate did not exit */
	int signal;	 /* 0: the delegate was not ended by one */
	const struct err *error; /* NULL or code 0: none */
};

/* Notes a fallback or a warning in the report; the same one only once. */
void report_fallback(struct report *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Writes the report as one JSON line with its newline and a NUL, at most
 * DC_REPORT_MAX bytes (size must be at least that): valid JSON always; where
 * it would be longer, fallbacks are left out from the last on and counted in
 * an element "N more", and then strings are cut. Returns the length without
 * the NUL. The members, always all of them and in this order:
 *
 *   v                   DC_REPORT_VERSION
 *   rule                string, or null: none matches, or --directory
 *   plugin              string, or null
 *   types               array of four strings, as in --types; "" where absent
 *   command             "ADD" and so on, or null for one that needs nothing
 *   podNamespace, pod   string, or null
 *   source              "none", "directory", "store", "conf" or "host"
 *   jti                 string, or null: a directory's token is not read
 *   expires             string as in RFC 3339, UTC, or null
 *   fallbacks           array of strings
 *   setupMicroseconds, teardownMicroseconds
 *   exitStatus          number, or null where the delegate did not exit
 *   signal              number, or null
 *   error               {"code": number, "msg": string}, or null
 */
size_t report_format(const struct report *r, char *out, size_t size);

/*
 * A CNI error (CNI spec 1.1.0, section 5, "Error") as one JSON line:
 * cniVersion (left out where NULL or no version), code, msg. Returns its length
 * without the NUL behind it; the text is cut so that it is valid JSON whatever
 * the size (at least 64).
 */
size_t cni_error_format(const char *cni_version, const struct err *e, char *out,
			size_t size);

#endif
