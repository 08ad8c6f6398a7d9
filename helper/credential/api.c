/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "cleantext.h"
#include "delegate-credentials.h"
#include "mediatype.h"
#include "smallfile.h"
#include "wipe.h"

#define MAX_CA ((size_t)1024 * 1024)
#define MAX_HEADERS ((size_t)64 * 1024) /* libcurl keeps them all */
#define MAX_RETRY_AFTER 300	/* as the longest backoff */
#define MAX_CONNECTION_SECONDS 60 /* so that a new client certificate counts */

/* A hung answer ends sooner than the whole deadline. */
#define SLOW_BYTES 64
#define SLOW_SECONDS 10

struct api {
	CURL *easy;
	const struct bootstrap *bootstrap;
	char problem[CURL_ERROR_SIZE]; /* libcurl's words for it */
};

/* What has been received so far. */
struct receipt {
	struct api_answer *answer;
	size_t room;
	size_t header_bytes;
	bool too_large;
};

static int grow(struct receipt *r, size_t more)
{
	size_t want = r->answer->len + more + 1;
	size_t room = r->room ? r->room : 4096;
	char *larger;

	while (room < want)
		room *= 2;
	if (room == r->room)
		return 0;
	larger = wipe_realloc(r->answer->body, room);
	if (!larger)
		return -1;
	r->answer->body = larger;
	r->room = room;
	return 0;
}

/* Anything but len ends the transfer. */
static size_t take_body(char *buf, size_t one, size_t len, void *data)
{
	struct receipt *r = data;

	(void)one;
	if (len > API_MAX_ANSWER - r->answer->len) {
		r->too_large = true;
		return 0;
	}
	if (grow(r, len) < 0)
		return 0;
	memcpy(r->answer->body + r->answer->len, buf, len);
	r->answer->len += len;
	r->answer->body[r->answer->len] = '\0';
	return len;
}

static size_t take_header(char *buf, size_t one, size_t len, void *data)
{
	struct receipt *r = data;

	(void)buf;
	(void)one;
	r->header_bytes += len;
	if (r->header_bytes <= MAX_HEADERS)
		return len;
	r->too_large = true;
	return 0;
}

/* What holds for every request. */
static int set_up(struct api *api)
{
	const struct bootstrap *b = api->bootstrap;
	CURL *c = api->easy;

	return curl_easy_setopt(c, CURLOPT_ERRORBUFFER, api->problem) ||
	       curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https") ||
	       curl_easy_setopt(c, CURLOPT_SSLVERSION,
				(long)CURL_SSLVERSION_TLSv1_2) ||
	       curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L) ||
	       curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L) ||
	       curl_easy_setopt(c, CURLOPT_CAINFO, NULL) ||
	       curl_easy_setopt(c, CURLOPT_CAPATH, NULL) ||
	       curl_easy_setopt(c, CURLOPT_SSLCERT, b->client_certificate) ||
	       curl_easy_setopt(c, CURLOPT_SSLKEY, b->client_key) ||
	       curl_easy_setopt(c, CURLOPT_PROXY, "") ||
	       curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L) ||
	       curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L) ||
	       curl_easy_setopt(c, CURLOPT_HTTP_VERSION,
				(long)CURL_HTTP_VERSION_1_1) ||
	       curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) ||
	       curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT,
				(long)API_CONNECT_SECONDS) ||
	       curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)API_WHOLE_SECONDS) ||
	       curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES) ||
	       curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME,
				(long)SLOW_SECONDS) ||
	       curl_easy_setopt(c, CURLOPT_MAXLIFETIME_CONN,
				(long)MAX_CONNECTION_SECONDS) ||
	       curl_easy_setopt(c, CURLOPT_USERAGENT,
				"multus-credential/" VERSION) ||
	       curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body) ||
	       curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header);
}

struct api *api_open(const struct bootstrap *b, struct err *e)
{
	struct api *api = calloc(1, sizeof(*api));

	wipe_json();
	if (api && curl_global_init_mem(CURL_GLOBAL_DEFAULT, wipe_malloc,
					wipe_free, wipe_realloc, strdup,
					calloc) == CURLE_OK)
		api->easy = curl_easy_init();
	if (api)
		api->bootstrap = b;
	if (api && api->easy && !set_up(api))
		return api;
	err_set(e, DC_CODE_INTERNAL,
		"give the program more memory, or a libcurl with TLS");
	if (api)
		api_close(api);
	return NULL;
}

void api_close(struct api *api)
{
	curl_easy_cleanup(api->easy);
	curl_global_cleanup();
	wipe_free(api);
}

static int fail_file(struct err *e, const char *what, const char *path)
{
	return err_sys(e, DC_CODE_CONFIG, errno,
		       "give multus-credential a %s that it can read: '%s'",
		       what, path);
}

static int set_ca(struct api *api, struct err *e)
{
	const char *path = api->bootstrap->ca_file;
	struct curl_blob blob = { .flags = CURL_BLOB_COPY };
	auto_wipe pem = NULL;

	if (smallfile_read(AT_FDCWD, path, 0, MAX_CA, &pem, &blob.len) < 0)
		return fail_file(e, "CA", path);
	blob.data = pem;
	/* A connection made with another CA is not used again. */
	if (curl_easy_setopt(api->easy, CURLOPT_CAINFO_BLOB, &blob))
		return err_set(e, DC_CODE_INTERNAL,
			       "give the program more memory");
	return 0;
}

static int append(struct curl_slist **headers, const char *line)
{
	struct curl_slist *longer = curl_slist_append(*headers, line);

	if (!longer)
		return -1;
	*headers = longer;
	return 0;
}

/* Not a byte that could begin another header. */
static bool trim_token(char *token, size_t len)
{
	while (len > 0 && isspace((unsigned char)token[len - 1]))
		token[--len] = '\0';
	for (size_t i = 0; i < len; i++)
		if (!isgraph((unsigned char)token[i]))
			return false;
	return len > 0;
}

static int append_token(const struct api *api, struct curl_slist **headers,
			struct err *e)
{
	const char *path = api->bootstrap->token_file;
	auto_wipe token = NULL;
	auto_wipe line = NULL;
	size_t len;

	if (!path)
		return 0;
	if (smallfile_read(AT_FDCWD, path, 0, (size_t)DC_STORE_TOKEN_MAX,
			   &token, &len) < 0)
		return fail_file(e, "token", path);
	if (!trim_token(token, len))
		return err_set(e, DC_CODE_CONFIG,
			       "give multus-credential a token of one line, "
			       "without blanks: '%s'", path);
	line = wipe_malloc(len + sizeof("Authorization: Bearer "));
	if (line)
		sprintf(line, "Authorization: Bearer %s", token);
	if (!line || append(headers, line) < 0)
		return err_set(e, DC_CODE_INTERNAL,
			       "give the program more memory");
	return 0;
}

static int make_headers(const struct api *api, struct curl_slist **ret,
			struct err *e)
{
	if (append(ret, "Accept: application/json") < 0 ||
	    append(ret, "Expect:") < 0 ||
	    append(ret, "Content-Type: application/json") < 0)
		return err_set(e, DC_CODE_INTERNAL,
			       "give the program more memory");
	return append_token(api, ret, e);
}

static int set_headers(struct api *api, struct curl_slist **ret, struct err *e)
{
	if (make_headers(api, ret, e) < 0)
		return -1;
	if (curl_easy_setopt(api->easy, CURLOPT_HTTPHEADER, *ret))
		return err_set(e, DC_CODE_INTERNAL,
			       "give the program more memory");
	return 0;
}

/* What to do about a request that did not get an answer. */
static int fail_transfer(const struct api *api, CURLcode code,
			 const struct receipt *r, struct err *e)
{
	const struct bootstrap *b = api->bootstrap;
	const char *words = api->problem[0] ? api->problem :
					      curl_easy_strerror(code);
	char problem[200];

	cleantext(words, strlen(words), problem, sizeof(problem));
	if (r->too_large)
		return err_set(e, DC_CODE_TRY_AGAIN,
			       "look at what answers at %s: more came back "
			       "than an API server says", b->server);
	if (code == CURLE_PEER_FAILED_VERIFICATION ||
	    code == CURLE_SSL_CACERT_BADFILE)
		return err_set(e, DC_CODE_TRY_AGAIN,
			       "put the CA of %s into %s: %s", b->server,
			       b->ca_file, problem);
	if (code == CURLE_SSL_CERTPROBLEM)
		return err_set(e, DC_CODE_CONFIG, "correct %s and %s: %s",
			       b->client_certificate, b->client_key, problem);
	return err_set(e, DC_CODE_TRY_AGAIN,
		       "wait for the API server at %s, or correct the "
		       "address: %s", b->server, problem);
}

static int perform(struct api *api, const char *path, const char *body,
		   struct receipt *r, struct err *e)
{
	char url[8192];
	CURLcode code;
	int n = snprintf(url, sizeof(url), "%s%s", api->bootstrap->server,
			 path);

	if (n < 0 || (size_t)n >= sizeof(url))
		return err_set(e, DC_CODE_CONFIG, "shorten the server's URL");
	api->problem[0] = '\0';
	code = curl_easy_setopt(api->easy, CURLOPT_URL, url);
	if (!code && body)
		code = curl_easy_setopt(api->easy, CURLOPT_POSTFIELDS, body);
	else if (!code)
		code = curl_easy_setopt(api->easy, CURLOPT_HTTPGET, 1L);
	if (!code)
		code = curl_easy_setopt(api->easy, CURLOPT_WRITEDATA, r);
	if (!code)
		code = curl_easy_setopt(api->easy, CURLOPT_HEADERDATA, r);
	if (!code)
		code = curl_easy_perform(api->easy);
	return code ? fail_transfer(api, code, r, e) : 0;
}

static void take_content_type(struct api *api, struct api_answer *ret)
{
	char *type = NULL;

	curl_easy_getinfo(api->easy, CURLINFO_CONTENT_TYPE, &type);
	ret->is_json = mediatype_is_json(type);
	if (type)
		cleantext(type, strlen(type), ret->content_type,
			  sizeof(ret->content_type));
}

static void take_information(struct api *api, struct api_answer *ret)
{
	struct curl_header *warning;
	curl_off_t seconds = 0;

	curl_easy_getinfo(api->easy, CURLINFO_RESPONSE_CODE, &ret->status);
	curl_easy_getinfo(api->easy, CURLINFO_RETRY_AFTER, &seconds);
	if (seconds > MAX_RETRY_AFTER)
		seconds = MAX_RETRY_AFTER;
	ret->retry_after = seconds > 0 ? seconds : 0;
	if (curl_easy_header(api->easy, "Warning", 0, CURLH_HEADER, -1,
			     &warning) == CURLHE_OK)
		cleantext_warning(warning->value, ret->warning,
				  sizeof(ret->warning));
	take_content_type(api, ret);
}

int api_request(struct api *api, const char *path, const char *body,
		struct api_answer *ret, struct err *e)
{
	struct receipt receipt = { .answer = ret };
	struct curl_slist *headers = NULL;
	int failed;

	memset(ret, 0, sizeof(*ret));
	failed = grow(&receipt, 0);
	if (failed)
		err_set(e, DC_CODE_INTERNAL, "give the program more memory");
	else
		ret->body[0] = '\0';
	failed = failed || set_ca(api, e) < 0 ||
		 set_headers(api, &headers, e) < 0 ||
		 perform(api, path, body, &receipt, e) < 0;
	if (!failed)
		take_information(api, ret);
	curl_easy_setopt(api->easy, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(headers);
	if (!failed)
		return 0;
	api_answer_wipe(ret);
	return -1;
}

void api_answer_wipe(struct api_answer *a)
{
	wipe_free(a->body);
	memset(a, 0, sizeof(*a));
}
