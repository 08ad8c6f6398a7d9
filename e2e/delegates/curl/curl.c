// SPDX-License-Identifier: Apache-2.0
/*
 * A CNI delegate for the suite that reaches the API server from C with libcurl
 * and jansson: it reads its pod, answers in an annotation by PUT on
 * pods/status, and at DEL asks for the pod once more. Nothing in it knows of
 * Multus or of the helper.
 */
#include <curl/curl.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERVICE_ACCOUNT "/var/run/secrets/kubernetes.io/serviceaccount"
#define ASK "delegate-credentials.e2e/ask"
#define ANSWER "delegate-credentials.e2e/answer"
#define PATH_SIZE 512
#define TOKEN_SIZE 8192
#define BODY_MAX (4u << 20)
#define CONFLICT_TRIES 5
#define CODE_API 120

struct body {
	char *data;
	size_t len;
};

struct pod_ref {
	char namespace[254];
	char name[254];
};

static const char *cni_version = "0.3.1";

static int fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Prints a CNI error; the plugin's exit status is what it returns. */
static int fail(const char *fmt, ...)
{
	char msg[512];
	va_list ap;
	json_t *error;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	error = json_pack("{s:s, s:i, s:s}", "cniVersion", cni_version, "code",
			  CODE_API, "msg", msg);
	json_dumpf(error, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(error);
	return 1;
}

/* Copies the value of one CNI_ARGS key; false where it is not there. */
static int cni_arg(const char *key, char *ret, size_t size)
{
	const char *args = getenv("CNI_ARGS");
	size_t len = strlen(key);

	for (const char *p = args ? args : ""; *p;
	     p += strcspn(p, ";"), p += *p == ';') {
		size_t n = strcspn(p, ";");

		if (n > len && n - len <= size && !strncmp(p, key, len) &&
		    p[len] == '=') {
			snprintf(ret, size, "%.*s", (int)(n - len - 1),
				 p + len + 1);
			return 1;
		}
	}
	return 0;
}

static size_t body_append(char *data, size_t size, size_t n, void *user)
{
	struct body *b = user;
	size_t add = size * n;
	char *grown;

	if (add > BODY_MAX - b->len)
		return 0;
	grown = realloc(b->data, b->len + add + 1);
	if (!grown)
		return 0;
	memcpy(grown + b->len, data, add);
	b->data = grown;
	b->len += add;
	b->data[b->len] = '\0';
	return add;
}

/* The header with the token, or NULL with an error printed. */
static struct curl_slist *auth_header(void)
{
	char token[TOKEN_SIZE], line[TOKEN_SIZE + 32];
	FILE *f = fopen(SERVICE_ACCOUNT "/token", "re");
	size_t n;

	if (!f) {
		fail("open %s/token: %m", SERVICE_ACCOUNT);
		return NULL;
	}
	n = fread(token, 1, sizeof(token) - 1, f);
	fclose(f);
	token[n] = '\0';
	token[strcspn(token, "\n")] = '\0';
	snprintf(line, sizeof(line), "Authorization: Bearer %s", token);
	return curl_slist_append(NULL, line);
}

static void pod_url(const struct pod_ref *ref, const char *subresource,
		    char *ret, size_t size)
{
	const char *host = getenv("KUBERNETES_SERVICE_HOST");
	const char *port = getenv("KUBERNETES_SERVICE_PORT");

	snprintf(ret, size, "https://%s:%s/api/v1/namespaces/%s/pods/%s%s",
		 host ? host : "", port ? port : "", ref->namespace, ref->name,
		 subresource);
}

/*
 * One request; put is the body of a PUT or NULL for a GET. The HTTP status, or
 * -1 with an error printed. The answer is the caller's to free.
 */
static long request(const char *url, const char *put, struct body *answer)
{
	struct curl_slist *headers = auth_header();
	char text[CURL_ERROR_SIZE] = "";
	long status = -1;
	CURLcode rc;
	CURL *curl;

	if (!headers)
		return -1;
	headers = curl_slist_append(headers, "Content-Type: application/json");
	curl = curl_easy_init();
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_CAINFO, SERVICE_ACCOUNT "/ca.crt");
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, text);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, body_append);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
	if (put) {
		curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, "PUT");
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, put);
	}
	rc = curl_easy_perform(curl);
	if (rc == CURLE_OK)
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	else
		fail("%s: %s", curl_easy_strerror(rc), text);
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	return status;
}

/* The pod, or NULL with an error printed; *ret_status is 404 where it is gone.
 */
static json_t *pod_get(const struct pod_ref *ref, long *ret_status)
{
	struct body answer = {0};
	char url[PATH_SIZE * 2];
	json_t *pod = NULL;

	pod_url(ref, "", url, sizeof(url));
	*ret_status = request(url, NULL, &answer);
	if (*ret_status == 200) {
		pod = json_loads(answer.data, 0, NULL);
		if (!pod)
			fail("the API server's answer is no JSON");
	} else if (*ret_status > 0 && *ret_status != 404) {
		fail("get pod: HTTP status %ld: %.200s", *ret_status,
		     answer.data ? answer.data : "");
	}
	free(answer.data);
	return pod;
}

/* What only someone who has read this very pod can know. */
static void reply(json_t *pod, char *ret, size_t size)
{
	json_t *meta = json_object_get(pod, "metadata");
	const char *uid = json_string_value(json_object_get(meta, "uid"));
	json_t *notes = json_object_get(meta, "annotations");
	const char *ask = json_string_value(json_object_get(notes, ASK));

	snprintf(ret, size, "curl %s %s", ask ? ask : "", uid ? uid : "");
}

/* One GET and PUT: the HTTP status of the PUT, -1 with an error printed. */
static long annotate_once(const struct pod_ref *ref)
{
	struct body answer = {0};
	char url[PATH_SIZE * 2], text[PATH_SIZE];
	json_t *pod, *notes;
	char *put;
	long status;

	pod = pod_get(ref, &status);
	if (!pod)
		return status == 404 ? fail("get pod: it is gone"), -1 : -1;
	reply(pod, text, sizeof(text));
	notes = json_object_get(json_object_get(pod, "metadata"),
				"annotations");
	json_object_set_new(notes, ANSWER, json_string(text));
	put = json_dumps(pod, JSON_COMPACT);
	pod_url(ref, "/status", url, sizeof(url));
	status = request(url, put, &answer);
	if (status > 0 && status != 200 && status != 409)
		fail("update pods/status: HTTP status %ld: %.200s", status,
		     answer.data ? answer.data : "");
	free(answer.data);
	free(put);
	json_decref(pod);
	return status;
}

/* Kubelet writes the same object: a conflict is an ordinary event. */
static int cmd_add(const struct pod_ref *ref)
{
	long status = 409;

	for (int i = 0; i < CONFLICT_TRIES && status == 409; i++)
		status = annotate_once(ref);
	if (status == 409)
		return fail("update pods/status: conflict, %d times",
			    CONFLICT_TRIES);
	if (status != 200)
		return 1;
	printf("{\"cniVersion\":\"%s\",\"interfaces\":[],\"ips\":[]}\n",
	       cni_version);
	return 0;
}

static int cmd_check(const struct pod_ref *ref)
{
	char want[PATH_SIZE];
	const char *got;
	json_t *pod;
	long status;

	pod = pod_get(ref, &status);
	if (!pod)
		return status == 404 ? fail("get pod: it is gone") : 1;
	reply(pod, want, sizeof(want));
	got = json_string_value(json_object_get(
		json_object_get(json_object_get(pod, "metadata"),
				"annotations"),
		ANSWER));
	if (!got || strcmp(got, want))
		return fail("the answer is '%s', not '%s'", got ? got : "",
			    want);
	json_decref(pod);
	return 0;
}

/* The pod may be gone; a credential that is missing is an error all the same.
 */
static int cmd_del(const struct pod_ref *ref)
{
	long status;
	json_t *pod = pod_get(ref, &status);

	json_decref(pod);
	return status == 200 || status == 404 ? 0 : 1;
}

static int cmd_version(void)
{
	puts("{\"cniVersion\":\"1.1.0\",\"supportedVersions\":"
	     "[\"0.3.1\",\"0.4.0\",\"1.0.0\",\"1.1.0\"]}");
	return 0;
}

int main(void)
{
	const char *command = getenv("CNI_COMMAND");
	struct pod_ref ref;
	const char *version;
	json_t *conf;

	if (!command || !strcmp(command, "VERSION"))
		return cmd_version();
	conf = json_loadf(stdin, 0, NULL);
	version = json_string_value(json_object_get(conf, "cniVersion"));
	if (version)
		cni_version = version;
	if (!cni_arg("K8S_POD_NAMESPACE", ref.namespace,
		     sizeof(ref.namespace)) ||
	    !cni_arg("K8S_POD_NAME", ref.name, sizeof(ref.name)))
		return fail("CNI_ARGS names no pod");
	curl_global_init(CURL_GLOBAL_DEFAULT);
	if (!strcmp(command, "ADD"))
		return cmd_add(&ref);
	if (!strcmp(command, "CHECK"))
		return cmd_check(&ref);
	if (!strcmp(command, "DEL"))
		return cmd_del(&ref);
	return fail("unknown CNI_COMMAND '%s'", command);
}
