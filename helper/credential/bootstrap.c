/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "blockyaml.h"
#include "bootstrap.h"
#include "clientconfig.h"
#include "delegate-credentials.h"
#include "smallfile.h"
#include "wipe.h"

static int find_in_file(const char *file, struct bootstrap *ret, struct err *e)
{
	auto_wipe buf = NULL;
	size_t len;

	wipe_json();
	if (smallfile_read(AT_FDCWD, file, 0, BLOCKYAML_MAX_BYTES, &buf,
			   &len) < 0)
		return err_sys(e, DC_CODE_CONFIG, errno,
			       "give a kubeconfig that can be read: '%s'",
			       file);
	return clientconfig_kubeconfig(file, buf, len, ret, e);
}

int bootstrap_find(const char *file, struct bootstrap *ret, struct err *e)
{
	if (file)
		return find_in_file(file, ret, e);
	return clientconfig_in_cluster(getenv(DC_ENV_API_HOST),
				       getenv(DC_ENV_API_PORT), ret, e);
}

void bootstrap_free(struct bootstrap *b)
{
	free(b->server);
	free(b->ca_file);
	free(b->token_file);
	free(b->client_certificate);
	free(b->client_key);
	memset(b, 0, sizeof(*b));
}
