/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MATERIAL_H
#define MATERIAL_H

#include "../common/err.h"
#include "fd.h"
#include "storefile.h"
#include "storewait.h"

/*
 * The directory with the credential that is to be bound, as it was found in
 * the caller's mount namespace. A descriptor of there cannot be bound in the
 * private copy: that takes another one, of the same directory.
 */
struct material {
	struct fd_identity identity;
	struct storefile store; /* where that is its source, else not open */
	bool with_ca; /* a directory that has to hold a CA as well */
};

#define MATERIAL_INIT { .store = STOREFILE_INIT }

/*
 * A directory of the caller's. Its token, and the CA where a kubeconfig refers
 * to one, must be there, in it and on its mount, since nothing else is bound;
 * but they are neither opened for reading nor judged: kubelet keeps them. -1
 * with DC_CODE_TRY_AGAIN or err_call's code. Nothing is waited for: a volume of
 * the caller's container is there from its start or never.
 */
int material_in_directory(const char *path, bool with_ca, struct material *ret,
			  struct err *e) __attribute__((warn_unused_result));

/*
 * The rule's part of the store, waited for as w says where it may come. -1
 * with the code and message of storefile_open.
 */
int material_in_store(const struct config_rule *rule, struct storewait *w,
		      struct material *ret, struct err *e)
	__attribute__((warn_unused_result));

/*
 * Opens it in the private copy, by the path where it was found. Returns an
 * O_PATH descriptor that the caller owns, or -1 where another directory is
 * there by now or its content will not do any more (DC_CODE_TRY_AGAIN),
 * or with err_call's code.
 */
int material_open(struct material *m, const char *path, struct err *e)
	__attribute__((warn_unused_result));

void material_release(struct material *m);

#endif
