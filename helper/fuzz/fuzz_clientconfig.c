/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clientconfig and blockyaml: what is read from a kubeconfig is bounded and
 * reads back from one that says the same; errors name the file and the line.
 */
#include <stdio.h>
#include <string.h>

#include "../credential/blockyaml.h"
#include "../credential/clientconfig.h"
#include "fuzz.h"

#define FILE_NAME "/etc/k/config"

static size_t depth_of(json_t *tree)
{
	size_t depth = 0, i;
	const char *key;
	json_t *one;

	json_object_foreach (tree, key, one)
		depth = depth_of(one) > depth ? depth_of(one) : depth;
	json_array_foreach (tree, i, one)
		depth = depth_of(one) > depth ? depth_of(one) : depth;
	return json_is_object(tree) || json_is_array(tree) ? depth + 1 : 0;
}

static void check_yaml(const char *text, size_t len)
{
	struct err e = ERR_INIT;
	json_t *tree = blockyaml_parse(text, len, &e);

	if (tree == NULL) {
		fuzz_check_error(&e);
		must(strncmp(e.msg, "line ", 5) == 0);
	}
	must(depth_of(tree) <= BLOCKYAML_MAX_DEPTH + 1);
	json_decref(tree);
}

static void put(FILE *out, const char *before, const char *value)
{
	if (value == NULL)
		return;
	fputs(before, out);
	for (fputc('\'', out); *value != '\0'; value++)
		fputs(*value == '\'' ? "''" : (char[]){ *value, '\0' }, out);
	fputs("'\n", out);
}

static void write_kubeconfig(const struct bootstrap *b, FILE *out)
{
	fputs("current-context: x\n"
	      "contexts:\n- name: x\n  context: \n    cluster: c\n    user: u\n"
	      "clusters:\n- name: c\n  cluster:\n", out);
	put(out, "    server: ", b->server);
	put(out, "    certificate-authority: ", b->ca_file);
	fputs("users:\n- name: u\n  user:\n", out);
	put(out, "    tokenFile: ", b->token_file);
	put(out, "    client-certificate: ", b->client_certificate);
	put(out, "    client-key: ", b->client_key);
}

static void check_path(const char *path, const char *again, size_t len)
{
	must((path == NULL) == (again == NULL));
	if (path == NULL)
		return;
	must(path[0] == '/' && fuzz_is_printable(path));
	must(strlen(path) <= len + strlen(FILE_NAME));
	must(strcmp(path, again) == 0);
}

static void check_bootstrap(const struct bootstrap *b, size_t len)
{
	struct bootstrap again;
	struct err e = ERR_INIT;
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	must(out != NULL);
	write_kubeconfig(b, out);
	must(fclose(out) == 0);
	must(clientconfig_kubeconfig(FILE_NAME, text, size, &again, &e) == 0);
	must(strncmp(b->server, "https://", 8) == 0 && b->server[8] != '\0');
	must(strpbrk(b->server, "@?# \\") == NULL);
	must(strcmp(b->server, again.server) == 0);
	must(b->ca_file != NULL);
	must(b->token_file != NULL || b->client_key != NULL);
	check_path(b->ca_file, again.ca_file, len);
	check_path(b->token_file, again.token_file, len);
	check_path(b->client_certificate, again.client_certificate, len);
	check_path(b->client_key, again.client_key, len);
	bootstrap_free(&again);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *text = (const char *)data;
	struct bootstrap b;
	struct err e = ERR_INIT;

	check_yaml(text, len);
	if (clientconfig_kubeconfig(FILE_NAME, text, len, &b, &e) < 0) {
		fuzz_check_error(&e);
		must(strstr(e.msg, "correct " FILE_NAME ": ") == e.msg);
		must(b.server == NULL && b.ca_file == NULL);
		return 0;
	}
	check_bootstrap(&b, len);
	bootstrap_free(&b);
	return 0;
}
