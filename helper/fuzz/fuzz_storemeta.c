/* SPDX-License-Identifier: Apache-2.0 */
/* storemeta: what the reader takes, the writer writes, and it reads back. */
#include <string.h>

#include "../credential/storeformat.h"
#include "fuzz.h"

static void check_meta(const char *text, size_t len)
{
	char again[DC_STORE_META_MAX];
	struct storemeta m, written;
	struct err e = ERR_INIT;
	int n;

	if (storemeta_parse(text, len, &m, &e) < 0) {
		must(e.code == DC_CODE_TRY_AGAIN);
		fuzz_check_error(&e);
		return;
	}
	must(m.issued > 0 && m.expires >= 0);
	must(fuzz_is_printable(m.jti) && fuzz_is_printable(m.audience) &&
	     fuzz_is_printable(m.account));
	n = storeformat_meta(&(struct store_generation){
				     .issued = m.issued,
				     .expires = m.expires,
				     .jti = m.jti,
				     .audience = m.audience,
				     .account = m.account },
			     again, &e);
	must(n > 0 && storemeta_parse(again, (size_t)n, &written, &e) == 0);
	must(memcmp(&m, &written, sizeof(m)) == 0);
}

static void check_error(const char *text, size_t len)
{
	char again[DC_STORE_META_MAX];
	struct storemeta_error m, written;
	struct err e = ERR_INIT, why = ERR_INIT;
	int n;

	if (storemeta_parse_error(text, len, &m, &e) < 0) {
		must(e.code == DC_CODE_TRY_AGAIN);
		fuzz_check_error(&e);
		return;
	}
	must(m.msg[0] != '\0' && fuzz_is_printable(m.msg));
	must(m.code >= 0 && m.code <= 999 && m.at > 0);
	err_set(&why, m.code, "%s", m.msg);
	n = storeformat_error(&why, m.at, again, &e);
	must(n > 0);
	if (m.msg[strspn(m.msg, " ")] == '\0')
		return;
	must(storemeta_parse_error(again, (size_t)n, &written, &e) == 0);
	must(m.code == written.code && m.at == written.at);
}

/* A name is one component, and not both kinds. */
static void check_name(const char *name, size_t len)
{
	bool generation = storemeta_is_generation(name, len);
	bool file = storemeta_is_file(name, len);

	must(!generation || !file);
	if (!generation && !file)
		return;
	must(len > 0 && len <= DC_STORE_NAME_MAX);
	must(memchr(name, '/', len) == NULL && memchr(name, '\0', len) == NULL);
	must(len > 2 || name[0] != '.' || name[len - 1] != '.');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	check_meta((const char *)data, len);
	check_error((const char *)data, len);
	check_name((const char *)data, len);
	return 0;
}
