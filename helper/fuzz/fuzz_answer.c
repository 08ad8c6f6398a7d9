/* SPDX-License-Identifier: Apache-2.0 */
/* answer: only what was asked for is taken, and what is shown is clean. */
#include <ctype.h>
#include <string.h>

#include "../credential/answer.h"
#include "../credential/boundedjson.h"
#include "../credential/cleantext.h"
#include "../credential/jwt.h"
#include "fuzz.h"

#define NOW 1764067237 /* 2025-11-25T10:40:37Z */

static void check_jwt(const struct answer_token *t)
{
	json_t *claims = jwt_claims(t->token, t->token_len);
	const char *sub = boundedjson_string(claims, "sub");

	must(sub != NULL && strcmp(sub, "system:serviceaccount:ns:sa") == 0);
	json_decref(claims);
}

static void check_token(const char *body, size_t len, const char *audience)
{
	const struct config_token asked = {
		.namespace = "ns",
		.service_account_name = "sa",
		.audience = audience,
	};
	struct answer_token t;
	struct err e = ERR_INIT;

	if (answer_token(body, len, &asked, NOW, &t, &e) < 0) {
		must(e.code == DC_CODE_TRY_AGAIN && t.token == NULL);
		fuzz_check_error(&e);
		return;
	}
	must(t.token_len > 0 && t.token_len <= DC_STORE_TOKEN_MAX);
	must(strlen(t.token) == t.token_len);
	for (size_t i = 0; i < t.token_len; i++)
		must(isgraph((unsigned char)t.token[i]));
	must(t.expires >= NOW + DC_STORE_MIN_LIFE);
	must(t.issued > 0 && t.issued < t.expires);
	must(fuzz_is_printable(t.jti));
	if (jwt_is_one(t.token, t.token_len))
		check_jwt(&t);
	answer_token_wipe(&t);
}

static void check_config_map(const char *body, size_t len)
{
	struct config_item items[] = { { "ca.crt", "ca.crt" }, { "k", "k" } };
	const struct config_config_map asked = {
		.namespace = "kube-system",
		.name = "kube-root-ca.crt",
		.items = items,
		.item_count = 2,
	};
	char *values[2];
	struct err e = ERR_INIT;

	if (answer_config_map(body, len, &asked, values, &e) < 0) {
		must(values[0] == NULL && values[1] == NULL);
		fuzz_check_error(&e);
		return;
	}
	must(strstr(values[0], "CERTIFICATE") != NULL);
	must(strlen(values[0]) + strlen(values[1]) < len);
	free(values[0]);
	free(values[1]);
}

/* As a message of ours holds it: printable, and nothing like a token in it. */
static void check_shown(const char *text, size_t size)
{
	size_t run = 0;

	must(strlen(text) < size && fuzz_is_printable(text));
	for (; *text != '\0'; text++) {
		run = isalnum((unsigned char)*text) ? run + 1 : 0;
		must(run < 64);
	}
}

static void check_texts(const char *body, size_t len)
{
	char shown[256], *value = malloc(len + 1);

	must(value != NULL);
	answer_status(body, len, shown, sizeof(shown));
	check_shown(shown, sizeof(shown));
	memcpy(value, body, len);
	value[len] = '\0';
	cleantext_warning(value, shown, sizeof(shown));
	check_shown(shown, sizeof(shown));
	free(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *body = (const char *)data;

	check_token(body, len, NULL);
	check_token(body, len, "a");
	check_config_map(body, len);
	check_texts(body, len);
	return 0;
}
