/* SPDX-License-Identifier: Apache-2.0 */
/* json: what the scanner yields lies in the input and is well nested. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../common/json.h"
#include "fuzz.h"

static void check_span(struct json_span s, size_t len)
{
	must(s.len > 0 && s.off < len && s.len <= len - s.off);
}

static void check_string(const char *buf, struct json_span s)
{
	char whole[256], cut[8];
	size_t len = json_decode_string(buf, s, whole, sizeof(whole));

	must(buf[s.off] == '"' && buf[s.off + s.len - 1] == '"');
	must(len <= 3 * s.len);
	must(json_decode_string(buf, s, cut, sizeof(cut)) == len);
	must(strlen(cut) < sizeof(cut));
	if (len < sizeof(whole))
		must(memcmp(whole, cut, strlen(cut)) == 0);
	must(json_key_matches(buf, s, "*", 1));
	must(!json_key_is(buf, s, "kubernetes") ||
	     json_key_matches(buf, s, "KUBE*", 5));
}

static void check_item(const char *buf, size_t len,
		       const struct json_item *item)
{
	char first;

	check_span(item->value, len);
	first = buf[item->value.off];
	if (item->has_key) {
		check_span(item->key, len);
		check_string(buf, item->key);
	}
	if (item->event == JSON_VALUE && item->type == JSON_IS_STRING)
		check_string(buf, item->value);
	if (item->event != JSON_VALUE)
		must(first == (item->type == JSON_IS_OBJECT ? '{' : '['));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct json_scanner s;
	const char *buf = (const char *)data;
	struct err e = ERR_INIT;
	struct json_item item;
	unsigned depth = 0;
	size_t pos = 0;

	json_init(&s, buf, len);
	for (;;) {
		if (json_next(&s, &item, &e) < 0) {
			fuzz_check_error(&e);
			return 0;
		}
		if (item.event == JSON_END)
			break;
		check_item(buf, len, &item);
		depth -= item.event == JSON_CLOSE;
		must(item.depth == depth && depth <= JSON_MAX_DEPTH);
		depth += item.event == JSON_OPEN;
		must(item.value.off + item.value.len > pos);
		pos = item.value.off + item.value.len;
	}
	must(depth == 0);
	return 0;
}
