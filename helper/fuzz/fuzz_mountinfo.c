/* SPDX-License-Identifier: Apache-2.0 */
/* mountinfo: an accepted line says all of it in its own words. */
#include <ctype.h>
#include <string.h>

#include "../common/mountinfo.h"
#include "fuzz.h"

/* Six fields, and any number of tags up to a dash; none is empty. */
static void check_fields(const char *line, size_t len)
{
	for (unsigned n = 0;; n++) {
		const char *space = memchr(line, ' ', len);

		must(space != NULL && space > line);
		if (n >= 6 && space == line + 1 && *line == '-')
			return;
		len -= (size_t)(space + 1 - line);
		line = space + 1;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct mountinfo_line line;

	if (!mountinfo_parse_line((const char *)data, len, &line))
		return 0;
	must(len > 0 && isdigit(data[0]));
	check_fields((const char *)data, len);
	must(!line.shared || memmem(data, len, " shared:", 8) != NULL);
	must(!line.slave || memmem(data, len, " master:", 8) != NULL);
	return 0;
}
