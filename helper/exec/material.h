/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MATERIAL_H
#define MATERIAL_H

#include "../common/err.h"

/*
 * Opens a service-account directory to bind. Its token must be there, but is
 * neither opened for reading nor judged: kubelet keeps it. Returns an O_PATH
 * descriptor that the caller owns, or -1 with DC_CODE_TRY_AGAIN. It is not
 * waited for: a volume of the caller's container is there from its start or
 * never.
 */
int material_directory(const char *path, struct err *e)
	__attribute__((warn_unused_result));

#endif
