/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KUBECONFIG_H
#define KUBECONFIG_H

#include <stddef.h>

#include "err.h"

/* Enough for any that the decoder of the configuration lets through. */
#define KUBECONFIG_MAX 16384

/*
 * What a kubeconfig says. It refers to files and never holds a token: only
 * then does client-go read them again when they change.
 */
struct kubeconfig {
	const char *host; /* KUBERNETES_SERVICE_HOST, NULL where unset */
	const char *port; /* KUBERNETES_SERVICE_PORT, NULL where unset */
	const char *context_name;
	const char *namespace; /* NULL: left out */
	const char *token_file;
	const char *certificate_authority;
};

/*
 * Writes it as YAML with a NUL behind it; any UTF-8 in the strings reads back
 * as it is. Returns its length without the NUL, or -1 with DC_CODE_CONFIG
 * where host and port are not those of an API server (host: an IP address,
 * IPv6 without brackets and zone, or a DNS name; port: 1 to 65535), or with
 * DC_CODE_INTERNAL where size is too small.
 */
int kubeconfig_format(const struct kubeconfig *k, char *out, size_t size,
		      struct err *e) __attribute__((warn_unused_result));

#endif
