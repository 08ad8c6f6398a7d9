/* SPDX-License-Identifier: Apache-2.0 */
/* The program as a whole: what it prints where, and its exit status. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define GOOD "helper/common/testdata/config/good/"
#define BAD "helper/common/testdata/config/bad/"

#define NOT_WHOLE                                                              \
	"multus-credential: repeat the command: its output could not be "      \
	"written whole\n"

static const struct {
	const char *args;
	int status;
	/* The whole output if it ends with a newline, else a part of it. */
	const char *out;
	const char *err;
} runs[] = {
	{ "", 2, "", "usage: multus-credential COMMAND" },
	{ "--help", 0, "\n  check     look for mistakes", "" },
	{ "--version", 0, "multus-credential 0.", "" },
	{ "chec", 2, "",
	  "multus-credential: correct 'chec': there is no such command (see "
	  "--help)\n" },
	{ "check", 2, "",
	  "multus-credential check: give --config=FILE (see --help)\n" },
	{ "check --help", 0,
	  "usage: multus-credential check --config=FILE\n"
	  "Look for mistakes in a configuration, without a cluster.\n"
	  "\n"
	  "  --config=FILE       the configuration\n"
	  "  --help              print this text\n",
	  "" },
	{ "check --config=" GOOD "smallest.json", 0,
	  GOOD "smallest.json: no mistakes in 1 rule\n", "" },
	{ "check --config=" GOOD "many-rules.json", 0,
	  GOOD "many-rules.json: no mistakes in 20 rules\n", "" },
	{ "check --config=" BAD "several-sources.json", 1,
	  BAD "several-sources.json:8:18: rules[0].sources: add a "
	      "serviceAccountToken with the path \"token\": "
	      "serviceAccountDirectory and kubeconfig need it\n" BAD
	      "several-sources.json:8:18: rules[0].sources: add a configMap "
	      "with an item of the path \"ca.crt\": serviceAccountDirectory "
	      "and kubeconfig need it\n" BAD
	      "several-sources.json:9:128: rules[0].sources[0]."
	      "serviceAccountToken.audience: write an audience of printable "
	      "ASCII, at most 1024 characters\n",
	  "" },
	{ "check --config=/nowhere", 1, "",
	  "multus-credential check: correct '/nowhere': no such file or "
	  "directory\n" },
	{ "check --config=" GOOD "smallest.json >/dev/full", 1, "", "" },
	{ "check --config=" GOOD "smallest.json 2>&1 >/dev/full #", 1, NOT_WHOLE,
	  NOT_WHOLE },
	{ "rbac --config=" GOOD "smallest.json", 0,
	  "subjects:\n- kind: ServiceAccount\n  namespace: \"kube-system\"\n"
	  "  name: \"multus\"",
	  "" },
	{ "rbac --config=" GOOD "smallest.json --sidecar-account=a/b.c", 0,
	  "subjects:\n- kind: ServiceAccount\n  namespace: \"a\"\n"
	  "  name: \"b.c\"",
	  "" },
	{ "rbac --config=" GOOD "smallest.json --sidecar-account=a", 2, "",
	  "multus-credential rbac: give --sidecar-account=NAMESPACE/NAME\n" },
	{ "rbac --config=" GOOD "smallest.json --sidecar-account=a.b/c", 2, "",
	  "multus-credential rbac: give --sidecar-account=NAMESPACE/NAME\n" },
	{ "rbac --config=" GOOD "smallest.json --sidecar-account=a/", 2, "",
	  "multus-credential rbac: give --sidecar-account=NAMESPACE/NAME\n" },
	{ "explain --config=" GOOD "smallest.json", 2, "",
	  "multus-credential explain: give PLUGIN (see --help)\n" },
	{ "explain a", 2, "",
	  "multus-credential explain: give --config=FILE (see --help)\n" },
	{ "explain a/ --config=" GOOD "smallest.json", 2, "",
	  "multus-credential explain: give PLUGIN a plugin's type: a plain "
	  "file name without comma\n" },
	{ "explain a --ipam=b/c --config=" GOOD "smallest.json", 2, "",
	  "multus-credential explain: give --ipam a plugin's type: a plain "
	  "file name without comma\n" },
	{ "explain a --delegate=b,c --config=" GOOD "smallest.json", 2, "",
	  "multus-credential explain: give --delegate a plugin's type: a plain "
	  "file name without comma\n" },
	{ "explain a --delegate-ipam=.. --config=" GOOD "smallest.json", 2, "",
	  "multus-credential explain: give --delegate-ipam a plugin's type: a "
	  "plain file name without comma\n" },
	{ "explain a --namespace=B --config=" GOOD "smallest.json", 2, "",
	  "multus-credential explain: give --namespace the name of a "
	  "namespace\n" },
	{ "explain a --command=add --config=" GOOD "smallest.json", 2, "",
	  "multus-credential explain: give --command=ADD, CHECK, DEL, GC or "
	  "STATUS: others get no credential\n" },
	{ "explain a --config=/nowhere", 1, "",
	  "multus-credential explain: correct '/nowhere': no such file or "
	  "directory\n" },
	{ "explain a --config=" GOOD "no-rules.json >/dev/full", 1, "", "" },
	/* Not on standard output: there is no explanation. */
	{ "explain userspace --json --store=$(printf '/a\\377') --config=" GOOD
	  "smallest.json", 1, "",
	  "multus-credential explain: cannot write the explanation\n" },
	{ "explain a --json --config=" BAD "several-sources.json", 1, "",
	  BAD "several-sources.json:8:18: rules[0].sources: add a "
	      "serviceAccountToken with the path \"token\": "
	      "serviceAccountDirectory and kubeconfig need it\n" BAD
	      "several-sources.json:8:18: rules[0].sources: add a configMap "
	      "with an item of the path \"ca.crt\": serviceAccountDirectory "
	      "and kubeconfig need it\n" BAD
	      "several-sources.json:9:128: rules[0].sources[0]."
	      "serviceAccountToken.audience: write an audience of printable "
	      "ASCII, at most 1024 characters\n" },
	{ "explain a --config=" GOOD "no-rules.json", 0,
	  "ADD of a\n"
	  "\n"
	  "The rules of " GOOD "no-rules.json, in their order:\n"
	  "None applies: the delegate runs as it would without "
	  "multus-delegate-exec.\n"
	  "\n"
	  "The plan:\n"
	  "  run the delegate\n",
	  "" },
	{ "explain /opt/cni/bin/plugin-3 --ipam=i --delegate=d "
	  "--delegate-ipam=e --namespace=n --command=DEL --store=/s --config="
	  GOOD "many-rules.json", 0,
	  "DEL of plugin-3, ipam.type i, delegate.type d, delegate.ipam.type e, "
	  "in the\n    namespace n\n\nThe rules of ", "" },
	{ "explain plugin-3 --store=/s --config=" GOOD "many-rules.json", 0,
	  "\n  bind /s/rule-3/data\n      read-only on ", "" },
	{ "explain a --json --config=" GOOD "control-characters.json", 0,
	  "\"value\": \"\\u001B[2J\\n\\u007f\\u009B\\u202E\"", "" },
	{ "refresh --config=" GOOD "smallest.json", 2, "",
	  "multus-credential refresh: give --store=DIR (see --help)\n" },
	{ "fetch --store=. --config=" GOOD "smallest.json", 2, "",
	  "multus-credential fetch: give RULE (see --help)\n" },
	{ "get --store=. --config=" GOOD "smallest.json", 2, "",
	  "multus-credential get: give RULE (see --help)\n" },
	{ "status", 2, "",
	  "multus-credential status: give --store=DIR (see --help)\n" },
	{ "status --store=/nowhere", 1, "", "no such file or directory" },
	/* No rule's place: nothing in it is taken for one. */
	{ "status --store=helper", 0,
	  "RULE                  ACCOUNT                               JTI"
	  "       EXPIRES IN\n",
	  "" },
	{ "status --store=helper --json", 0, "{\n  \"rules\": []\n}\n", "" },
	{ "rbac --config=" BAD "kind-missing.json", 1, "",
	  "multus-credential rbac: correct " BAD "kind-missing.json:1:1: kind: "
	  "add it: it is missing\n" },
};

/* Returns the exit status. */
static int run(const char *args, const char *redirections, char *out,
	       size_t size)
{
	char command[1024];
	size_t len;
	FILE *f;
	int status;

	snprintf(command, sizeof(command), "\"$O\"/multus-credential %s %s",
		 args, redirections);
	f = popen(command, "re");
	assert_non_null(f);
	len = fread(out, 1, size - 1, f);
	out[len] = '\0';
	status = pclose(f);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void assert_output(const char *args, const char *got, const char *want)
{
	size_t len = strlen(want);
	bool whole = len == 0 || want[len - 1] == '\n';

	if (whole ? strcmp(got, want) != 0 : strstr(got, want) == NULL)
		fail_msg("'%s' prints:\n%s\ninstead of:\n%s", args, got, want);
}

static void runs_as_expected(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(runs); i++) {
		char got[4096];

		assert_int_equal(run(runs[i].args, "2>/dev/null", got,
				     sizeof(got)),
				 runs[i].status);
		assert_output(runs[i].args, got, runs[i].out);
		run(runs[i].args, "2>&1 >/dev/null", got, sizeof(got));
		assert_output(runs[i].args, got, runs[i].err);
	}
}

/* What the decoder's test expects, with the file's name in front of each line. */
static void every_bad_document_is_named(void **state)
{
	static const char command[] =
		"cd " BAD " && for f in *.json; do"
		"  \"$O\"/multus-credential check --config=$f;"
		"done | sort | { sort EXPECTED | diff /dev/fd/3 -; } 3<&0";

	(void)state;
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_as_expected),
		cmocka_unit_test(every_bad_document_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
