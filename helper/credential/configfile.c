/* SPDX-License-Identifier: Apache-2.0 */
#include "configfile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "delegate-credentials.h"

/*
 * One byte more than a configuration may have: that a file is too long is the
 * decoder's to say.
 */
static int read_all(FILE *f, const char *file, char **ret, size_t *ret_len,
		    struct err *e)
{
	size_t max = CONFIG_MAX_BYTES + 1;
	char *buf = malloc(max);

	if (buf == NULL)
		return err_sys(e, DC_CODE_INTERNAL, ENOMEM, "read '%s'", file);
	*ret_len = fread(buf, 1, max, f);
	if (ferror(f)) {
		err_sys(e, DC_CODE_CONFIG, errno, "correct '%s'", file);
		free(buf);
		return -1;
	}
	*ret = buf;
	return 0;
}

int configfile_read(const char *file, struct config *ret,
		    struct config_mistakes *m, struct err *e)
{
	FILE *f = fopen(file, "re");
	char *buf = NULL;
	size_t len = 0;
	int r;

	m->count = 0;
	if (f == NULL)
		return err_sys(e, DC_CODE_CONFIG, errno, "correct '%s'", file);
	r = read_all(f, file, &buf, &len, e);
	fclose(f);
	if (r < 0)
		return -1;
	r = config_decode(buf, len, ret, m);
	free(buf);
	return r < 0 ? config_mistakes_err(file, m, e) : 0;
}
