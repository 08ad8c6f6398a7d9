/* SPDX-License-Identifier: Apache-2.0 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <unistd.h>

#include "../../helper/test/harness.h"
#include "contestant.h"

#define ROOT "/hostroot"
#define TARGET ROOT WORLD_TARGET

const struct plugin plugin_minimal = {
	WORLD_PLUGIN, "--types=userspace,,,",
	"{\"cniVersion\":\"1.0.0\",\"name\":\"net\",\"type\":\"userspace\"}"
};

const struct plugin plugin_go = {
	"/opt/cni/bin/static", "--types=static,static,,",
	"{\"cniVersion\":\"1.0.0\",\"name\":\"net\",\"type\":\"static\",\"ipam\":{"
	"\"type\":\"static\",\"addresses\":[{\"address\":\"10.10.0.1/24\"}]}}"
};

static struct plugin plugin;
static int kept = -1;

static const char *environment[] = {
	"PATH=/usr/sbin:/usr/bin:/sbin:/bin",
	"CNI_COMMAND=ADD",
	"CNI_CONTAINERID=c0ffee",
	"CNI_NETNS=/run/netns/pod",
	"CNI_IFNAME=net1",
	"CNI_PATH=/opt/cni/bin",
	"CNI_ARGS=IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web-0",
	"KUBERNETES_SERVICE_HOST=10.96.0.1",
	"KUBERNETES_SERVICE_PORT=443",
	NULL, /* DELEGATE_DO */
	NULL,
};

#define SCRIPT (sizeof(environment) / sizeof(environment[0]) - 2)

/* execve() writes to none of them. */
static void run(const char *const *argv)
{
	execve(argv[0], (char *const *)argv, (char *const *)environment);
	_exit(127);
}

/* As Multus' own chroot exec. */
static void become_plain(void)
{
	const char *const argv[] = { plugin.path, NULL };

	if (chroot(ROOT) || chdir("/"))
		_exit(126);
	run(argv);
}

/* What any private mount costs at least: the copy of the namespace. */
static void become_copy(void)
{
	if (unshare(CLONE_NEWNS))
		_exit(126);
	become_plain();
}

/* What it would cost if copies were kept and entered. */
static void become_kept(void)
{
	if (setns(kept, CLONE_NEWNS))
		_exit(126);
	become_plain();
}

static void become_wrapper(void)
{
	const char *const argv[] = { CONTESTANT_WRAPPER, "--root=" ROOT,
				     plugin.path, NULL };

	run(argv);
}

static void become_directory(void)
{
	const char *const argv[] = { WORLD_HELPER,
				     "--directory=" DC_SERVICE_ACCOUNT_DIR,
				     "--root=" ROOT,
				     plugin.types,
				     "--",
				     plugin.path,
				     NULL };

	run(argv);
}

static void become_rule(void)
{
	const char *const argv[] = { WORLD_HELPER,
				     "--config=" WORLD_CONFIG,
				     "--store=" WORLD_STORE,
				     "--root=" ROOT,
				     plugin.types,
				     "--",
				     plugin.path,
				     NULL };

	run(argv);
}

/* What an administrator would write in a wrapper. */
static void become_unshare(void)
{
	static char script[] =
		"t=" TARGET " && "
		"mount -t tmpfs -o size=1m,mode=700,nodev,noexec,nosuid tmpfs $t && "
		"mkdir $t/serviceaccount && "
		"mount --bind " DC_SERVICE_ACCOUNT_DIR " $t/serviceaccount && "
		"mount -o remount,bind,ro $t/serviceaccount && "
		"mount -o remount,ro $t && "
		"exec chroot " ROOT " \"$0\"";
	const char *const argv[] = { "/usr/bin/unshare", "--mount",
				     "--propagation=slave", "/bin/sh", "-c",
				     script, plugin.path, NULL };

	run(argv);
}

static void become_bwrap(void)
{
	const char *const argv[] = {
		"/usr/bin/bwrap", "--dev-bind", ROOT, "/",
		"--tmpfs", WORLD_TARGET,
		"--ro-bind", DC_SERVICE_ACCOUNT_DIR, WORLD_CREDENTIAL,
		"--remount-ro", WORLD_TARGET,
		"--chdir", "/", "--", plugin.path, NULL
	};

	run(argv);
}

const struct contestant contestants[] = {
	{ "plain", false, false, become_plain },
	{ "copy", false, false, become_copy },
	{ "kept", false, false, become_kept },
	{ "wrapper", false, false, become_wrapper },
	{ "directory", true, false, become_directory },
	{ "rule", true, false, become_rule },
	{ "unshare", true, true, become_unshare },
	{ "bwrap", true, true, become_bwrap },
};

const int contestant_count = sizeof(contestants) / sizeof(contestants[0]);

void contestant_script(const char *script)
{
	static char *variable;

	free(variable);
	if (asprintf(&variable, "DELEGATE_DO=%s", script) < 0)
		err(1, "asprintf");
	environment[SCRIPT] = variable;
}

void contestant_plugin(const struct plugin *p)
{
	plugin = *p;
}

void contestant_keep(int ns)
{
	kept = ns;
}

static void set_descriptors(int in, int out, int report)
{
	if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    dup2(report, 3) < 0)
		_exit(125);
}

static pid_t start(const struct contestant *c, int out, int report, bool trace)
{
	ssize_t len = strlen(plugin.netconf);
	int in[2];
	pid_t pid;

	if (pipe2(in, O_CLOEXEC) || write(in[1], plugin.netconf, len) != len)
		err(1, "netconf");
	close(in[1]);
	/* As Go starts a program: the parent's pages are not copied. */
	pid = vfork();
	if (!pid) {
		set_descriptors(in[0], out, report);
		if (trace)
			ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		c->become();
	}
	if (pid < 0)
		err(1, "vfork");
	close(in[0]);
	return pid;
}

pid_t contestant_start(const struct contestant *c, int out, int report)
{
	return start(c, out, report, false);
}

pid_t contestant_trace(const struct contestant *c, int out, int report)
{
	return start(c, out, report, true);
}
