/* SPDX-License-Identifier: Apache-2.0 */
/*
 * multus-credential: gets, keeps and explains the credentials of delegates;
 * see multus-credential(8).
 */
#include <stdio.h>
#include <string.h>

#include "command.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{ "check", command_check, "look for mistakes in a configuration" },
	{ "explain", command_explain, "say which rule applies, and its plan" },
	{ "rbac", command_rbac, "print the RBAC that it asks for" },
	{ "refresh", command_refresh, "get and renew all credentials" },
	{ "fetch", command_fetch, "get one of them now" },
	{ "get", command_get, "print a token for client-go" },
	{ "status", command_status, "list what is in the store" },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_usage(FILE *out)
{
	fputs("usage: multus-credential COMMAND [OPTION...]\n"
	      "       multus-credential --help | --version\n"
	      "The credentials that delegates get.\n\n",
	      out);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-10s%s\n", commands[i].name, commands[i].help);
	fputs("\nCOMMAND --help prints its options.\n", out);
}

static int run_command(int argc, char **argv)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(argv[0], commands[i].name) == 0)
			return commands[i].run(argc, argv);
	}
	fprintf(stderr,
		"multus-credential: correct '%s': there is no such command "
		"(see --help)\n",
		argv[0]);
	return COMMAND_USAGE;
}

/* An answer that could not be written whole is none. */
static int flush(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fputs("multus-credential: repeat the command: its output could not be "
	      "written whole\n", stderr);
	return status != 0 ? status : COMMAND_FAILED;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		print_usage(stderr);
		return COMMAND_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0)
		print_usage(stdout);
	else if (strcmp(argv[1], "--version") == 0)
		puts("multus-credential " VERSION);
	else
		return flush(run_command(argc - 1, argv + 1));
	return flush(0);
}
