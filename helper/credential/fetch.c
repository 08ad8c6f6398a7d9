/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "answer.h"
#include "delegate-credentials.h"
#include "fetch.h"
#include "refusal.h"
#include "request.h"
#include "wipe.h"

/* A generation as it grows; harvest_wipe ends it. */
struct harvest {
	struct store_file *files; /* these two: as many as there may be */
	char **values;		  /* those of the config maps, in their order */
	size_t room;
	size_t file_count;
	struct answer_token token;
};

static int out_of_memory(struct err *e)
{
	return err_set(e, DC_CODE_INTERNAL, "give the program more memory");
}

/* One request that has to be granted. answer is the caller's to wipe. */
static int ask(const struct fetch *f, const struct request *r, const char *body,
	       struct api_answer *answer, struct fetch_result *ret)
{
	ret->status = 0;
	if (api_request(f->api, r->path, body, answer, &ret->err) < 0)
		return -1;
	ret->status = answer->status;
	if (answer->warning[0])
		memcpy(ret->warning, answer->warning, sizeof(ret->warning));
	if (refusal_is_none(answer))
		return answer->is_json ? 0
				       : refusal_of_type(r, answer, &ret->err);
	ret->retry_after = answer->retry_after;
	return refusal_err(r, answer, f->config_file, &ret->err);
}

static void add_file(struct harvest *h, const char *name, const char *data,
		     size_t len)
{
	h->files[h->file_count++] = (struct store_file){ name, data, len };
}

static int fetch_config_map(const struct fetch *f,
			    const struct config_config_map *from,
			    struct harvest *h, struct fetch_result *ret)
{
	char **values = h->values + h->file_count;
	struct api_answer answer = { 0 };
	struct request r;
	int failed;

	if (request_config_map(from, &r, &ret->err) < 0)
		return -1;
	failed = ask(f, &r, NULL, &answer, ret) < 0 ||
		 answer_config_map(answer.body, answer.len, from, values,
				   &ret->err) < 0;
	for (size_t i = 0; !failed && i < from->item_count; i++)
		add_file(h, from->items[i].path, values[i], strlen(values[i]));
	api_answer_wipe(&answer);
	return failed ? -1 : 0;
}

/*
 * A conflict passes by itself: what the token is bound to was being made anew.
 * It is bound by its name alone, as the server finds it.
 */
static int create_token(const struct fetch *f, const struct config_token *from,
			struct api_answer *answer, struct fetch_result *ret)
{
	struct request r;
	char *body;
	int failed;

	if (request_token(from, &r, &ret->err) < 0)
		return -1;
	if (request_token_body(from, f->node_name, &body, &ret->err) < 0)
		return -1;
	failed = ask(f, &r, body, answer, ret);
	if (failed && ret->status == 409) {
		api_answer_wipe(answer);
		failed = ask(f, &r, body, answer, ret);
	}
	free(body);
	return failed;
}

static int fetch_token(const struct fetch *f, const struct config_token *from,
		       struct harvest *h, struct fetch_result *ret)
{
	struct api_answer answer = { 0 };
	int failed;

	failed = create_token(f, from, &answer, ret) < 0 ||
		 answer_token(answer.body, answer.len, from, time(NULL),
			      &h->token, &ret->err) < 0;
	api_answer_wipe(&answer);
	if (failed)
		return -1;
	add_file(h, from->path, h->token.token, h->token.token_len);
	add_file(h, DC_NAMESPACE_NAME, from->namespace,
		 strlen(from->namespace));
	return 0;
}

static int harvest_init(struct harvest *h, const struct config_rule *rule,
			struct err *e)
{
	h->room = 2; /* the token and its namespace */
	for (size_t i = 0; i < rule->source_count; i++)
		if (rule->sources[i].kind == CONFIG_CONFIG_MAP)
			h->room += rule->sources[i].config_map.item_count;
	h->files = calloc(h->room, sizeof(*h->files));
	h->values = calloc(h->room, sizeof(*h->values));
	return h->files && h->values ? 0 : out_of_memory(e);
}

static void harvest_wipe(struct harvest *h)
{
	for (size_t i = 0; h->values && i < h->room; i++)
		wipe_free(h->values[i]);
	free(h->values);
	free(h->files);
	answer_token_wipe(&h->token);
}

/* The token last: it is not asked for in vain. */
static int gather(const struct fetch *f, const struct config_rule *rule,
		  struct harvest *h, struct fetch_result *ret)
{
	const struct config_token *token = config_rule_token(rule);

	if (harvest_init(h, rule, &ret->err) < 0)
		return -1;
	for (size_t i = 0; i < rule->source_count; i++)
		if (rule->sources[i].kind == CONFIG_CONFIG_MAP &&
		    fetch_config_map(f, &rule->sources[i].config_map, h,
				     ret) < 0)
			return -1;
	return token ? fetch_token(f, token, h, ret) : 0;
}

static int publish(const struct fetch *f, const struct config_rule *rule,
		   const struct harvest *h, struct fetch_result *ret)
{
	const struct config_token *token = config_rule_token(rule);
	char account[DC_STORE_ACCOUNT_MAX + 1];
	struct store_generation g = {
		.files = h->files,
		.file_count = h->file_count,
		.issued = token ? h->token.issued : time(NULL),
		.expires = h->token.expires,
		.jti = h->token.jti,
	};

	if (token) {
		snprintf(account, sizeof(account), "%s/%s", token->namespace,
			 token->service_account_name);
		g.account = account;
		g.audience = token->audience;
	}
	ret->issued = g.issued;
	ret->expires = g.expires;
	return store_publish(f->store, rule->name, &g, &ret->err);
}

static void note_failure(const struct fetch *f, const struct config_rule *rule,
			 struct fetch_result *ret)
{
	struct err e = ERR_INIT;

	if (ret->err.code == DC_CODE_FORBIDDEN ||
	    ret->err.code == DC_CODE_CONFIG)
		ret->outcome = FETCH_REFUSED;
	if (store_note_error(f->store, rule->name, &ret->err, time(NULL), &e) <
	    0)
		err_set(&ret->err, ret->err.code, "%s; nor could this be "
			"noted: %s", ret->err.msg, e.msg);
}

void fetch_rule(const struct fetch *f, const struct config_rule *rule,
		struct fetch_result *ret)
{
	struct harvest h = { 0 };

	*ret = (struct fetch_result){ .outcome = FETCH_RETRY };
	if (gather(f, rule, &h, ret) < 0 || publish(f, rule, &h, ret) < 0) {
		note_failure(f, rule, ret);
	} else {
		ret->outcome = FETCH_DONE;
		ret->err = (struct err)ERR_INIT;
	}
	harvest_wipe(&h);
}

static bool has_file(const struct store *s, const struct config_rule *rule,
		     const char *path)
{
	struct err ignored = ERR_INIT;
	auto_wipe content = NULL;
	size_t len;

	return store_read_file(s, rule->name, path, &content, &len, &ignored) ==
	       0;
}

bool fetch_is_complete(const struct fetch *f, const struct config_rule *rule)
{
	for (size_t i = 0; i < rule->source_count; i++) {
		const struct config_source *source = &rule->sources[i];

		if (source->kind == CONFIG_TOKEN &&
		    !has_file(f->store, rule, source->token.path))
			return false;
		if (source->kind != CONFIG_CONFIG_MAP)
			continue;
		for (size_t j = 0; j < source->config_map.item_count; j++)
			if (!has_file(f->store, rule,
				      source->config_map.items[j].path))
				return false;
	}
	return true;
}
