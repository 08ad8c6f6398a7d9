/* SPDX-License-Identifier: Apache-2.0 */
#include "kubeconfig.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "delegate-credentials.h"
#include "quote.h"

#define HOST_MAX 253

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_dns_label(const char *s, size_t len)
{
	if (len == 0 || len > 63 || s[0] == '-' || s[len - 1] == '-')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!is_alnum(s[i]) && s[i] != '-')
			return false;
	}
	return true;
}

/* Its last label is no number: else it would be a misspelt IPv4 address. */
static bool is_dns_name(const char *s)
{
	size_t len;

	if (strlen(s) > HOST_MAX)
		return false;
	for (;; s += len + 1) {
		len = strcspn(s, ".");
		if (!is_dns_label(s, len))
			return false;
		if (s[len] == '\0')
			return strspn(s, "0123456789") < len;
	}
}

static bool is_port(const char *s)
{
	size_t len = strlen(s);
	unsigned n = 0;

	if (len == 0 || len > 5 || s[0] == '0' || strspn(s, "0123456789") < len)
		return false;
	for (; *s != '\0'; s++)
		n = n * 10 + (unsigned)(*s - '0');
	return n <= 65535;
}

static int refuse(const char *name, const char *value, const char *expected,
		  struct err *e)
{
	char shown[64] = "";
	size_t len = 0;

	for (const char *p = value; *p != '\0' && len < 48;)
		len += quote_next(&p, shown + len);
	shown[len] = '\0';
	return err_set(e, DC_CODE_CONFIG,
		       "correct %s=\"%s\" in the caller's environment: it has "
		       "to be %s",
		       name, shown, expected);
}

static bool is_address(int family, const char *s)
{
	struct in6_addr address; /* room for the other family as well */

	return inet_pton(family, s, &address) == 1;
}

static int check_server(const struct kubeconfig *k, struct err *e)
{
	if (k->host == NULL || k->host[0] == '\0' || k->port == NULL ||
	    k->port[0] == '\0')
		return err_set(e, DC_CODE_CONFIG,
			       "run the caller in the cluster: a kubeconfig "
			       "needs KUBERNETES_SERVICE_HOST and "
			       "KUBERNETES_SERVICE_PORT, and they are not set");
	if (!is_address(AF_INET6, k->host) && !is_address(AF_INET, k->host) &&
	    !is_dns_name(k->host))
		return refuse("KUBERNETES_SERVICE_HOST", k->host,
			      "an IP address or a DNS name", e);
	if (!is_port(k->port))
		return refuse("KUBERNETES_SERVICE_PORT", k->port,
			      "a port from 1 to 65535", e);
	return 0;
}

/* What is being written. The last byte of buf is kept for a NUL. */
struct text {
	char *buf;
	size_t size;
	size_t len;
	bool full;
};

static void put(struct text *t, const char *s, size_t len)
{
	if (t->full || len >= t->size - t->len) {
		t->full = true;
		return;
	}
	memcpy(t->buf + t->len, s, len);
	t->len += len;
}

/* One line: what YAML says there, and the value, unless that is NULL. */
static void put_line(struct text *t, const char *yaml, const char *value)
{
	char c[QUOTE_MAX];

	put(t, yaml, strlen(yaml));
	if (value != NULL) {
		put(t, " \"", 2);
		while (*value != '\0')
			put(t, c, quote_next(&value, c));
		put(t, "\"", 1);
	}
	put(t, "\n", 1);
}

static void put_all(struct text *t, const struct kubeconfig *k,
		    const char *server)
{
	put_line(t, "apiVersion: v1", NULL);
	put_line(t, "kind: Config", NULL);
	put_line(t, "clusters:", NULL);
	put_line(t, "- name: cluster", NULL);
	put_line(t, "  cluster:", NULL);
	put_line(t, "    server:", server);
	put_line(t, "    certificate-authority:", k->certificate_authority);
	put_line(t, "users:", NULL);
	put_line(t, "- name: delegate", NULL);
	put_line(t, "  user:", NULL);
	put_line(t, "    tokenFile:", k->token_file);
	put_line(t, "contexts:", NULL);
	put_line(t, "- name:", k->context_name);
	put_line(t, "  context:", NULL);
	put_line(t, "    cluster: cluster", NULL);
	put_line(t, "    user: delegate", NULL);
	if (k->namespace != NULL)
		put_line(t, "    namespace:", k->namespace);
	put_line(t, "current-context:", k->context_name);
}

int kubeconfig_format(const struct kubeconfig *k, char *out, size_t size,
		      struct err *e)
{
	struct text t = { .buf = out, .size = size };
	char server[HOST_MAX + 32];

	if (check_server(k, e) < 0)
		return -1;
	snprintf(server, sizeof(server),
		 is_address(AF_INET6, k->host) ? "https://[%s]:%s" :
						 "https://%s:%s",
		 k->host, k->port);
	put_all(&t, k, server);
	if (t.full)
		return err_set(e, DC_CODE_INTERNAL,
			       "a kubeconfig of more than %zu bytes", size);
	out[t.len] = '\0';
	return (int)t.len;
}
