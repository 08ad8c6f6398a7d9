/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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

/* FNV-1a's step, a word at a time. */
static uint64_t add(uint64_t stamp, int64_t word)
{
	return (stamp ^ (uint64_t)word) * 0x100000001b3;
}

uint64_t bootstrap_stamp(const struct bootstrap *b, const char *kubeconfig)
{
	const char *const files[] = { kubeconfig, b->ca_file, b->token_file,
				      b->client_certificate, b->client_key };
	uint64_t stamp = 0xcbf29ce484222325;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct stat st = { 0 };

		if (files[i] == NULL || stat(files[i], &st) < 0)
			continue;
		stamp = add(stamp, (int64_t)i + 1);
		stamp = add(stamp, (int64_t)st.st_ino);
		stamp = add(stamp, st.st_mtim.tv_sec);
		stamp = add(stamp, st.st_mtim.tv_nsec);
	}
	return stamp;
}
