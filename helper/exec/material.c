/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <sys/stat.h>

#include "delegate-credentials.h"
#include "fd.h"
#include "material.h"

int material_directory(const char *path, struct err *e)
{
	struct stat st;
	auto_fd dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return err_sys(e, DC_CODE_TRY_AGAIN, errno,
			       "mount a service account at '%s' in the "
			       "caller's container (see "
			       "automountServiceAccountToken)",
			       path);
	if (fstatat(dir, DC_TOKEN_NAME, &st, 0) < 0)
		return err_sys(e, DC_CODE_TRY_AGAIN, errno,
			       "mount a service account at '%s' in the "
			       "caller's container: it holds no '%s'",
			       path, DC_TOKEN_NAME);
	return fd_take(&dir);
}
