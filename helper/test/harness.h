/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_H
#define HARNESS_H

/*
 * The tests of multus-delegate-exec, as root. What makes what:
 *
 *	delegate	static: delegate.c ops*.c
 *	test_NAME	test_NAME.c, the harness (world.c ns.c mounts.c job.c
 *			expect.c deny.c trace.c trace_fault.c store.c) and
 *			ops*.c; -lcmocka -ljansson
 *
 * All need -D_GNU_SOURCE -I../../include. The programs look for the delegate
 * beside them and for the helper one directory up; TEST_HELPER names another
 * one. run.sh OUT PROGRAM... runs them all. TEST_FILTER picks tests by name,
 * TEST_SEED repeats a run of test_kill, TEST_STRIDE thins out what is repeated
 * at each step.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>

#include <cmocka.h>
#include <jansson.h>

#include "delegate-credentials.h"

/* Not in the oldest headers that this builds with. */
#ifndef SYS_statmount
#define SYS_statmount 457
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif

/* How long anything may take before a test gives it up for hung. */
#define PATIENCE_MS 120000

/* TEST_STRIDE=N: each Nth step only, where a build is slow; else 1. */
long test_stride(void);

/*
 * For loops that wait: naps, and says whether to go on. *deadline is 0 before
 * the first call.
 */
bool patience(uint64_t *deadline);
/* Milliseconds that never go back. Good for lower bounds only. */
uint64_t now_ms(void);

/* --- mounts.c: the multiset that "as before" means ----------------------- */

struct mounts {
	char **line;
	size_t count;
};

void mounts_take(pid_t pid, struct mounts *ret);
void mounts_free(struct mounts *m);
/* As the first listed run leaves it: /hostroot and all below are shared. */
void mounts_share(struct mounts *m);

/* Both print the difference. */
bool mounts_same(const char *whose, const struct mounts *a,
		 const struct mounts *b);
void mounts_expect(const char *whose, const struct mounts *before, pid_t pid);

/* How many mounts a process has exactly on path, in its own view. */
int mounts_on(pid_t pid, const char *path);

/* --- world.c: a host, a daemon's container, a service account ------------ */

struct world_options {
	bool bidirectional; /* /hostroot shared with the host, as kubelet does */
	bool fresh;	    /* no listed run was made before */
	bool no_run_mount;  /* /run is a directory of the root mount */
	bool read_only;	    /* the roots of both, as on Talos or Flatcar */
	const char *var_run; /* script that makes /var/run; NULL: link to /run */
	const char *helper;  /* beside the tests; NULL: the one that is built */
};

struct world {
	struct world_options o;
	pid_t host;   /* processes that keep the two namespaces, */
	pid_t daemon; /* as long as the pipe is open */
	int life[2];
	int plugin; /* the programs, while the world is built */
	int helper;
	int host_ns;
	int daemon_ns;
	int ready; /* the FIFOs of ops.h, open for both directions */
	int go;
	int last;
	char token[64];
	struct mounts host_before;
	struct mounts daemon_before;
};

/* cmocka's fixtures; the initial state is a struct world_options, or NULL. */
int world_setup(void **state);
int world_teardown(void **state);

#define WORLD_TEST(f)                                                          \
	cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
#define WORLD_TEST_IN(name, f, options)                                        \
	{ name, f, world_setup, world_teardown, options }

/* The service account as kubelet lays it out, in the host's view. */
#define WORLD_POD "/var/lib/kubelet/pods/5f6e/volumes/"
#define WORLD_ACCOUNT WORLD_POD "kubernetes.io~projected/kube-api-access"
#define WORLD_HELPER "/multus-delegate-exec" /* on host and container */
#define WORLD_PLUGIN "/opt/cni/bin/userspace"
#define WORLD_TARGET "/run/secrets/kubernetes.io"
#define WORLD_CREDENTIAL WORLD_TARGET "/serviceaccount"
#define DC_SA DC_SERVICE_ACCOUNT_DIR /* in the delegate's view */
#define WORLD_STORE "/store"	     /* in the container */
#define WORLD_CONFIG "/etc/delegates.json"

/* Nothing but the one empty directory is left: mounts, files, processes. */
void world_check(struct world *w);
/* The parts of it, for tests that change the host themselves. */
void world_check_mounts(struct world *w);
void world_check_files(struct world *w);
void world_check_processes(void);
/* Takes what is there now for "before", after a test's own changes. */
void world_rebase(struct world *w);

const char *test_directory(void);

/* A copy of the mount at path, of those below with AT_RECURSIVE; or the end. */
int tree_copy(const char *path, unsigned int flags);
/* Mounts it there, and closes it. */
void tree_attach(int tree, const char *to);

/* --- ns.c: scripts on either side ---------------------------------------- */

/* Runs a script of ops.h there; its output goes to out if not NULL. */
int ns_script(int ns, const char *script, char *out, size_t size);
/* The same, formatted; must succeed. */
void host_do(struct world *w, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void daemon_do(struct world *w, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Whether the text is found in what the script prints on the host. */
bool host_says(struct world *w, const char *script, const char *text);
/* Children of this process; the ended ones are reaped and not counted. */
size_t children(pid_t *ret, size_t max);
/* Any child of that process, 0 for none. */
pid_t child_of(pid_t parent);
/* Whether the process has stopped for whoever traces it. */
bool is_traced_stop(pid_t pid);
/* Whether the process sleeps in that system call. */
bool sleeps_in(pid_t pid, long nr);
/* Until it does. */
void wait_asleep(pid_t pid, long nr);
/* Reaps what has ended and waits for those that are about to. */
bool children_gone(void);

/* --- job.c: one run, as the daemon would start it ------------------------- */

struct call {
	const char *command; /* CNI_COMMAND; NULL: ADD */
	const char *script;  /* the delegate's DELEGATE_DO */
	const char *netconf; /* NULL: a plain one */
	size_t netconf_len;  /* 0: strlen */
	const char *types;   /* NULL: userspace,,, */
	const char *plugin;  /* NULL: WORLD_PLUGIN */
	const char *directory;
	const char *config; /* --config and --store instead of --directory */
	const char *store;  /* NULL: WORLD_STORE */
	const char *const *argv; /* the whole command line instead */
	const char *const *env;	 /* more variables */
	const struct deny *deny;
	bool on_host;	/* as the thin plugin: without a container */
	bool stock;	/* plain chroot and exec, without the helper */
	bool strict;	/* --strict */
	bool no_report; /* descriptor 3 is closed */
	bool trace;	/* stopped at its exec; see trace.c */
	bool trace_waits; /* the same, and then at calls of poll only */
	bool leak_fds;	/* the caller forgot close-on-exec */
	void (*prepare)(void); /* in the child, before the exec */
};

struct stream {
	int fd;
	char *buf;
	size_t len;
	bool eof;
};

struct job {
	pid_t pid;
	int pidfd;
	int in;
	const char *todo;
	size_t todo_len;
	struct stream out;
	struct stream err;
	struct stream report;
	bool ended;
	int status; /* as waitpid gives it */
	json_t *json; /* the report, after job_end */
};

void job_start(struct world *w, const struct call *c, struct job *j);
/* Until the delegate says "ready"; fails if the run ends before. */
void job_ready(struct world *w, struct job *j);
/* Lets n delegates that "wait" go on. */
void job_go(struct world *w, int n);
/* The same for one that says "wait-last". */
void job_last(struct world *w);
/* Takes back what a killed delegate did not read, or said to nobody. */
void job_drain(struct world *w);
/* Until the process has ended; then drains what is in the pipes. */
void job_end(struct job *j);
/* Until the streams are at their end as well. */
void job_eof(struct job *j);
/* One round: until something happens; false after PATIENCE_MS. */
bool job_pump(struct job *j);
/* The same, or until another descriptor can be read. */
bool job_pump_or(struct job *j, int also);
void job_free(struct job *j);
/* start + end */
void job_run(struct world *w, const struct call *c, struct job *j);

/* --- expect.c -------------------------------------------------------------- */

/* Exit status 0, and what it printed. */
void expect_ok(const struct job *j);
void expect_out(const struct job *j, const char *text);
void expect_no_out(const struct job *j, const char *text);
/* A CNI error of the helper's own with this code, nothing started. */
void expect_error(const struct job *j, int code);
/* The same, and the message holds text. */
void expect_error_says(const struct job *j, int code, const char *text);
/* SIGTERM ended the run before there was a delegate, and the report says so. */
void expect_none_started(const struct job *j);

/*
 * That a call which is denied, or lacking, is a refusal with that code and a
 * name in its text, and that a clean-up runs without. config as in struct call.
 */
void expect_denied(struct world *w, const struct deny *deny, const char *config,
		   int code, const char *name);
const char *report_text(const struct job *j, const char *key);
long long report_number(const struct job *j, const char *key);
/* A fallback that mentions text. */
bool report_fallback_says(const struct job *j, const char *text);
size_t report_fallbacks(const struct job *j);
void expect_source(const struct job *j, const char *source);

/* --- store.c: what the configuration and the sidecar put into a container -- */

/* A configuration of rules; each is RULE(...), with commas between. */
#define CONFIG_OF(rules)                                                       \
	"{\"apiVersion\":\"credentials.k8s.cni.cncf.io/v1alpha1\","            \
	"\"kind\":\"DelegateCredentialConfig\",\"rules\":[" rules "]}"
/* match and deliver are JSON members, without blanks as all of it. */
#define RULE(name, match, deliver) RULE_ASKING(name, match, "", deliver)
/* ask: members of the token's source, each with a comma behind it. */
#define RULE_ASKING(name, match, ask, deliver)                                 \
	"{\"name\":\"" name "\"," match ",\"sources\":["                       \
	"{\"serviceAccountToken\":{\"namespace\":\"kube-system\","             \
	"\"serviceAccountName\":\"userspace-cni\"," ask                        \
	"\"path\":\"token\"}},"                                               \
	"{\"configMap\":{\"namespace\":\"kube-system\","                       \
	"\"name\":\"kube-root-ca.crt\","                                       \
	"\"items\":[{\"key\":\"ca.crt\",\"path\":\"ca.crt\"}]}}],"           \
	"\"deliver\":{" deliver "}}"
#define MATCH_USERSPACE "\"matchPlugins\":[\"userspace\"]"
#define DELIVER_ACCOUNT "\"serviceAccountDirectory\":true"
/* The plainest: userspace gets an account. */
#define PLAIN_CONFIG                                                           \
	CONFIG_OF(RULE("userspace", MATCH_USERSPACE, DELIVER_ACCOUNT))

/* Root's, for everyone to read; the text has no blank and no ';'. */
void config_put(struct world *w, const char *text);
/* A new, empty store; what is mounted then is "before". */
void store_mount(struct world *w);
/* The same in the old one's place. */
void store_anew(struct world *w);
/* The first generation of a rule, ..1: a token that lives so many seconds. */
void store_fill(struct world *w, const char *rule, const char *token,
		long life);
/* The three for the rule "userspace", with the world's token. */
void store_prepare(struct world *w, const char *config);
/* The next one, ..2; the first goes away. Its jti is jti-2, not jti-1. */
void store_renew(struct world *w, const char *rule, const char *token,
		 long life);
/* Why there is none; msg without blanks. */
void store_fail(struct world *w, const char *rule, int code, const char *msg);
/*
 * With trace_waits: starts it, until it is about to wait for its credential, and
 * returns for how many milliseconds. All of the machine's clusters share root's
 * inotify instances, so that there may be none for a while: then once more.
 */
long store_await(struct world *w, const struct call *c, struct job *j);
/* As trace_waited, and the pause behind it, if it was woken. */
long store_woken(struct job *j);
/* Fills the store for one that prints its token, to its end; as trace_waited. */
long store_serve(struct world *w, struct job *j);

/* --- deny.c: system calls that are not there ------------------------------ */

/*
 * word: only where this string is the call's third argument. mask: only where
 * these bits of an argument have the value. Ends with 0.
 */
struct deny {
	long nr;
	int error;
	bool kills; /* instead */
	const char *word;
	int arg;
	uint32_t mask;
	uint32_t value;
};

/* In the child that will become the helper. */
void deny_install(const struct deny *d);

/* --- trace.c: stop at each system call ------------------------------------ */

/* Goes on to the next call's entry; -1 when the tracee has ended. */
long trace_next(struct job *j);
/* At an entry: takes bits out of an argument, as a kernel that has none. */
void trace_clear_bits(struct job *j, int arg, unsigned long bits);
/* Lets it run. */
void trace_detach(struct job *j);
/* Whether a call starts a process: set-up ends there. */
bool trace_is_fork(long nr);
/* Goes on until it has started a process, and stops that at its beginning. */
pid_t trace_child(struct job *j);
/* Runs it to its end, with all that it starts; how often each call was made. */
void trace_count(struct job *j, const long *nr, size_t n, size_t *ret);
/*
 * With trace_waits: goes on to the next poll that waits for a limited time,
 * ahead of it; false when the tracee has ended. However slow the machine is,
 * what is done here is done before the poll looks.
 */
bool trace_wait(struct job *j, long *ret_timeout_ms);
/* Lets that poll wait: how many descriptors woke it, 0 for the time's end. */
long trace_waited(struct job *j);
/* Runs it to its end; fails if it waits on the way. */
void trace_no_wait(struct job *j, const char *what);
/* For call.trace_waits, in the child. */
void trace_waits_only(void);

/* --- trace_fault.c: one system call that fails ---------------------------- */

enum fault_where {
	FAULT_PARENT,	/* from main on */
	FAULT_TEARDOWN, /* from the fork on */
	FAULT_CHILD,	/* up to its exec */
};

struct fault {
	enum fault_where where;
	long n; /* the how-manieth call there; those spared do not count */
	int error;
	bool (*spare)(long nr);
	/* What trace_fault found: */
	bool hit;
	long nr;
	unsigned long arg; /* its first */
};

/*
 * Lets the call fail, and the run go on alone from there. Where it has fewer
 * calls nothing fails.
 */
void trace_fault(struct job *j, struct fault *f);

#endif
