/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENTCONFIG_H
#define CLIENTCONFIG_H

#include <stddef.h>

#include "../common/err.h"
#include "bootstrap.h"

/*
 * What a kubeconfig's current context says, or the variables of a pod. Both
 * name file and key and say what to do; nothing that a kubeconfig holds inline
 * is ever quoted. Pure.
 *
 * A kubeconfig must refer to files: what runs a program, sends the request
 * elsewhere, leaves the server unproved or holds a secret inline is refused by
 * name. Relative paths start from file's folder. JSON, or what blockyaml reads.
 */
int clientconfig_kubeconfig(const char *file, const char *buf, size_t len,
			    struct bootstrap *ret, struct err *e)
	__attribute__((warn_unused_result));

/* host and port as a pod's environment has them; NULL where it has not. */
int clientconfig_in_cluster(const char *host, const char *port,
			    struct bootstrap *ret, struct err *e)
	__attribute__((warn_unused_result));

#endif
