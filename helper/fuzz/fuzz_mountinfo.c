/* SPDX-License-Identifier: Apache-2.0 */
/* mountinfo: an accepted line says all of it in its own words. */
#include <ctype.h>
#include <string.h>

#include "../common/mountinfo.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct mountinfo_line line;

	if (!mountinfo_parse_line((const char *)data, len, &line))
		return 0;
	must(len > 0 && isdigit(data[0]));
	must(!line.shared || memmem(data, len, " shared:", 8) != NULL);
	must(!line.slave || memmem(data, len, " master:", 8) != NULL);
	return 0;
}
