/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is taken from headers and what is read anew, against openssl's own
 * server, which answers with the bytes of files, once a connection. Every
 * misbehaviour of a server is in e2e/sidecar.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "../exec/fd.h"
#include "api.h"
#include "delegate-credentials.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define TEN "abcde.ghij"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define PATIENCE 3000 /* looks, 10 ms apart */

static char dir[] = "/tmp/api_test.XXXXXX";
static char server[64];
static struct bootstrap bootstrap = {
	.server = server,
	.ca_file = (char *)"ca.crt",
	.token_file = (char *)"token",
};
static struct api *api;
static pid_t server_pid;

static void write_file(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static int bind_any(struct sockaddr_in *ret)
{
	socklen_t len = sizeof(*ret);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*ret = (struct sockaddr_in){ .sin_family = AF_INET };
	ret->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)ret, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)ret, &len), 0);
	return fd;
}

static void start_server(void)
{
	struct sockaddr_in at;
	int fd = bind_any(&at);
	char port[16];

	snprintf(port, sizeof(port), "%d", ntohs(at.sin_port));
	snprintf(server, sizeof(server), "https://127.0.0.1:%s", port);
	close(fd);
	server_pid = fork();
	if (server_pid == 0) {
		if (!freopen("/dev/null", "r+", stderr))
			_exit(127);
		execlp("openssl", "openssl", "s_server", "-quiet", "-HTTP",
		       "-accept", port, "-cert", "served.crt", "-key",
		       "served.key", (char *)NULL);
		_exit(127);
	}
	for (int i = 0; i < PATIENCE; i++) {
		auto_fd client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (connect(client, (struct sockaddr *)&at, sizeof(at)) == 0)
			return;
		usleep(10000);
	}
	fail_msg("openssl s_server does not listen");
}

#define MAKE_CERTIFICATE                                                       \
	"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 "       \
	"-nodes -days 1 -subj /CN=%s -addext subjectAltName=IP:127.0.0.1 "     \
	"-keyout %s.key -out %s.crt 2>/dev/null"

static void make_certificate(const char *name)
{
	char command[512];

	snprintf(command, sizeof(command), MAKE_CERTIFICATE, name, name, name);
	assert_int_equal(system(command), 0);
}

static int set_up(void **state)
{
	struct err e;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	make_certificate("served");
	make_certificate("other");
	assert_int_equal(system("cp served.crt ca.crt"), 0);
	write_file("token", "t\n");
	start_server();
	api = api_open(&bootstrap, &e);
	return api ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	api_close(api);
	kill(server_pid, SIGKILL);
	waitpid(server_pid, NULL, 0);
	return system("rm -rf -- \"$PWD\"");
}

static const struct {
	const char *headers;
	int64_t retry_after;
	const char *warning;
} answers[] = {
	{ "", 0, "" },
	{ "Retry-After: 7\r\n", 7, "" },
	{ "retry-after: 32\r\n", 32, "" },
	{ "Retry-After: 86400\r\n", 300, "" },
	{ "Retry-After: 0\r\n", 0, "" },
	{ "Retry-After: -5\r\n", 0, "" },
	{ "Retry-After: soon\r\n", 0, "" },
	{ "Retry-After: Fri, 31 Dec 2100 23:59:59 GMT\r\n", 300, "" },
	{ "Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n", 0, "" },
	{ "Warning: 299 - \"shortened\"\r\nWarning: 299 - \"x\"\r\n", 0,
	  "shortened" },
	{ "Warning: 299 - \"eyJhbGciOiJ9.e30.x\"\r\n", 0, "[hidden]" },
};

static void headers_are_heeded(void **state)
{
	char text[512];

	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		struct err e = ERR_INIT;
		struct api_answer a;

		snprintf(text, sizeof(text),
			 "HTTP/1.1 429 x\r\n%sConnection: close\r\n\r\nhi",
			 answers[i].headers);
		write_file("answer", text);
		if (api_request(api, "/answer", NULL, &a, &e) < 0)
			fail_msg("%s", e.msg);
		assert_int_equal(a.status, 429);
		assert_string_equal(a.body, "hi");
		assert_int_equal(a.len, 2);
		if (a.retry_after != answers[i].retry_after)
			fail_msg("%s: %d", answers[i].headers,
				 (int)a.retry_after);
		assert_string_equal(a.warning, answers[i].warning);
		api_answer_wipe(&a);
		assert_null(a.body);
	}
}

static const struct {
	const char *header;
	const char *text;
	bool is_json;
} types[] = {
	{ "", "", false },
	{ "Content-Type:\r\n", "", false },
	{ "Content-Type: Application/JSON; charset=utf-8\r\n",
	  "Application/JSON; charset=utf-8", true },
	{ "content-type: text/html\r\n", "text/html", false },
	{ "Content-Type: x/\033[2J\xff\teyJhbGciOiJ9.e30.x\r\n",
	  "x/?[2J? [hidden]", false },
	{ "Content-Type: text/" HUNDRED HUNDRED "\r\n",
	  "text/" HUNDRED TEN "abcde.ghi...", false },
};

static void the_type_is_told(void **state)
{
	char text[512];

	(void)state;
	for (size_t i = 0; i < COUNT(types); i++) {
		struct err e = ERR_INIT;
		struct api_answer a;

		snprintf(text, sizeof(text),
			 "HTTP/1.1 201 x\r\n%sConnection: close\r\n\r\n{}",
			 types[i].header);
		write_file("answer", text);
		if (api_request(api, "/answer", NULL, &a, &e) < 0)
			fail_msg("%s", e.msg);
		assert_string_equal(a.content_type, types[i].text);
		assert_int_equal(a.is_json, types[i].is_json);
		api_answer_wipe(&a);
	}
}

/* A request whose failure says that; NULL: it succeeds. */
static void expect(const char *says, int code)
{
	struct err e = ERR_INIT;
	struct api_answer a;
	int failed = api_request(api, "/answer", NULL, &a, &e);

	if (says) {
		assert_int_equal(failed, -1);
		assert_int_equal(e.code, code);
		if (!strstr(e.msg, says))
			fail_msg("%s", e.msg);
		assert_null(a.body);
		return;
	}
	if (failed)
		fail_msg("%s", e.msg);
	assert_int_equal(a.status, 200);
	api_answer_wipe(&a);
}

static void the_files_are_read_anew(void **state)
{
	(void)state;
	write_file("answer", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
	expect(NULL, 0);
	assert_int_equal(system("cp other.crt ca.crt"), 0);
	expect("put the CA of https://127.0.0.1:", DC_CODE_TRY_AGAIN);
	assert_int_equal(system("cat served.crt >>ca.crt"), 0);
	expect(NULL, 0);
	assert_int_equal(rename("ca.crt", "kept"), 0);
	expect("a CA that it can read: 'ca.crt'", DC_CODE_CONFIG);
	assert_int_equal(rename("kept", "ca.crt"), 0);
	write_file("token", "two words");
	expect("a token of one line", DC_CODE_CONFIG);
	write_file("token", "");
	expect("a token of one line", DC_CODE_CONFIG);
	assert_int_equal(unlink("token"), 0);
	expect("a token that it can read: 'token'", DC_CODE_CONFIG);
	write_file("token", "t");
	expect(NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_are_heeded),
		cmocka_unit_test(the_type_is_told),
		cmocka_unit_test(the_files_are_read_anew),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
