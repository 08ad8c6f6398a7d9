/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MISTAKES_H
#define MISTAKES_H

#include <stdio.h>

#include "../common/config.h"

/* Every mistake that was noted, as FILE:LINE:COLUMN: key: what to do. */
void mistakes_print(const char *file, const struct config_mistakes *m,
		    FILE *out);

#endif
