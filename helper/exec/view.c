/* SPDX-License-Identifier: Apache-2.0 */
#include "delegate-credentials.h"
#include "rootpath.h"
#include "view.h"

static int identify(int fd, struct fd_identity *ret, struct err *e)
{
	if (fd_identify(fd, ret) < 0)
		return err_call(e, errno, "fstat");
	return 0;
}

static int look_at_target(struct view *v, struct err *e)
{
	auto_fd run = rootpath_run(v->root, e);
	auto_fd secrets = -1;
	bool missing;
	bool is_free;

	if (run < 0 || identify(run, &v->run, e) < 0)
		return -1;
	v->target = TARGET_FREE;
	secrets = rootpath_secrets(run, false, &missing, e);
	if (secrets < 0)
		return missing ? 0 : -1;
	if (rootpath_is_free(secrets, &is_free, e) < 0)
		return -1;
	if (!is_free)
		v->target = TARGET_TAKEN;
	return 0;
}

int view_look(const char *root, struct view *ret, struct err *e)
{
	struct err target = ERR_INIT;

	*ret = (struct view){ .material = MATERIAL_INIT };
	ret->root = rootpath_root(root, e);
	if (ret->root < 0)
		return -1;
	if (look_at_target(ret, &target) < 0)
		ret->target_error = target;
	return 0;
}

void view_release(struct view *v)
{
	fd_close(&v->root);
	material_release(&v->material);
}
