// SPDX-License-Identifier: Apache-2.0
#include "ops.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "delegate-credentials.h"

/*
 * Does what client-go does with a network definition that names a server or a
 * kubeconfig: sends the bearer token to it. It is as lenient as can be about
 * how the key is spelt: it takes any place where the definition says
 * TENANT_KUBECONFIG or "127.0.0.1:PORT", so that a test's control does not
 * depend on a second decoder.
 */
#define TENANT_KUBECONFIG "/etc/tenant/kubeconfig"
#define SERVER "127.0.0.1:"

static int slurp(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = read(fd, buf, size - 1);
	close(fd);
	if (n < 0)
		return -1;
	buf[n] = '\0';
	return 0;
}

static const char *find(const char *buf, size_t len, const char *word)
{
	return memmem(buf, len, word, strlen(word));
}

static int send_token(int port, const char *token)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to))) {
		close(fd);
		return -1;
	}
	dprintf(fd, "GET /api HTTP/1.1\r\nAuthorization: Bearer %s\r\n\r\n",
		token);
	return close(fd);
}

/* client: the netconf's server gets the token that can be read, if any. */
static int op_client(char *const *w)
{
	char config[4096], token[4096] = "";
	const char *conf, *server;
	unsigned long len;

	(void)w;
	if (ops_stdin(&conf, &len))
		return -1;
	if (find(conf, len, TENANT_KUBECONFIG)) {
		if (slurp(TENANT_KUBECONFIG, config, sizeof(config)))
			return -1;
		server = strstr(config, SERVER);
	} else {
		server = find(conf, len, SERVER);
	}
	if (!server) {
		errno = EDESTADDRREQ;
		return -1;
	}
	if (slurp(DC_SERVICE_ACCOUNT_DIR "/token", token, sizeof(token)))
		strcpy(token, "none");
	return send_token(atoi(server + strlen(SERVER)), token);
}

const struct op ops_client[] = {
	{ "client", 0, op_client },
	{ NULL, 0, NULL },
};
