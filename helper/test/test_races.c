// SPDX-License-Identifier: Apache-2.0
/*
 * Mounts and names come and go between any two steps of the set-up: the
 * helper is stopped at each of its system calls, one run each, while the host
 * or an unlisted delegate changes something. The credential must then be
 * where the delegate looks, or the run refused; it must show nowhere else.
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_STEPS 400

enum modes {
	BIDIRECTIONAL = 1,
	DEL = 2,
};

struct change {
	const char *name;
	const char *before; /* on the host, ahead of the run */
	const char *host;   /* between two steps */
	const char *daemon; /* the same, by an unlisted delegate */
	const char *undo;   /* where the change was made; NULL: a new world */
	const char *other;  /* what the delegate may read instead of ours */
	const char *code;   /* of a refusal besides 105 */
	bool unshares;	    /* a run may share the daemon's mounts again */
	unsigned modes;	    /* besides ADD with HostToContainer */
};

#define EVIL "/tmp/evil"
#define RUN "/var/lib/run"

static const struct change changes[] = {
	{ .name = "a mount over /run", .host = "tmpfs /run",
	  .undo = "detach /run", .modes = BIDIRECTIONAL | DEL },
	{ .name = "a mount over /run with the target in it",
	  .host = "tmpfs /run; mkdir " WORLD_TARGET, .undo = "detach /run",
	  .modes = BIDIRECTIONAL },
	{ .name = "a mount over /run/secrets", .host = "tmpfs /run/secrets",
	  .undo = "detach /run/secrets", .modes = BIDIRECTIONAL },
	{ .name = "a mount over /run/secrets with the target in it",
	  .host = "tmpfs /run/secrets; mkdir " WORLD_CREDENTIAL,
	  .undo = "detach /run/secrets", .modes = BIDIRECTIONAL },
	{ .name = "a mount over the target", .host = "tmpfs " WORLD_TARGET,
	  .undo = "detach " WORLD_TARGET, .modes = BIDIRECTIONAL | DEL },
	{ .name = "a foreign mount's root over the target",
	  .host = "bind " WORLD_ACCOUNT " " WORLD_TARGET,
	  .undo = "detach " WORLD_TARGET, .modes = BIDIRECTIONAL },
	/* The same device and inode, and yet another mount, shared. */
	{ .name = "/run bound on itself", .host = "bind /run /run",
	  .undo = "detach /run", .modes = BIDIRECTIONAL },
	{ .name = "/run/secrets bound on itself",
	  .host = "bind /run/secrets /run/secrets",
	  .undo = "detach /run/secrets" },
	{ .name = "the target bound on itself",
	  .host = "bind " WORLD_TARGET " " WORLD_TARGET,
	  .undo = "detach " WORLD_TARGET, .modes = BIDIRECTIONAL },
	{ .name = "/run unmounted", .host = "detach /run",
	  .undo = "tmpfs /run; mkdir " WORLD_TARGET, .modes = BIDIRECTIONAL },
	{ .name = "/run/secrets unmounted",
	  .before = "tmpfs /run/secrets; mkdir " WORLD_TARGET,
	  .host = "detach /run/secrets",
	  .undo = "tmpfs /run/secrets; mkdir " WORLD_TARGET,
	  .modes = BIDIRECTIONAL },
	{ .name = "the target unmounted", .before = "tmpfs " WORLD_TARGET,
	  .host = "detach " WORLD_TARGET, .undo = "tmpfs " WORLD_TARGET,
	  .modes = BIDIRECTIONAL },
	{ .name = "/run/secrets replaced",
	  .host = "rename /run/secrets /run/old; mkdir " WORLD_TARGET,
	  .undo = "rmdir /run/old/kubernetes.io; rmdir /run/old" },
	{ .name = "the target replaced",
	  .host = "rename " WORLD_TARGET " /run/old; mkdir " WORLD_TARGET,
	  .undo = "rmdir /run/old" },
	{ .name = "the target removed", .host = "rmdir " WORLD_TARGET,
	  .undo = "mkdir " WORLD_TARGET, .modes = DEL },
	{ .name = "/run/secrets removed",
	  .host = "rmdir " WORLD_TARGET "; rmdir /run/secrets",
	  .undo = "mkdir " WORLD_TARGET },
	{ .name = "a link in place of the target",
	  .before = "mkdir " EVIL "/kubernetes.io/serviceaccount",
	  .host = "rmdir " WORLD_TARGET "; link " EVIL " " WORLD_TARGET,
	  .undo = "rm " WORLD_TARGET "; mkdir " WORLD_TARGET },
	{ .name = "a link in place of /run/secrets",
	  .before = "mkdir " EVIL "/kubernetes.io/serviceaccount",
	  .host = "rename /run/secrets /run/old; link " EVIL " /run/secrets",
	  .undo = "rm /run/secrets; rename /run/old /run/secrets",
	  .modes = DEL },
	{ .name = "a link to a mount in place of /run/secrets",
	  .before = "mkdir " EVIL "; tmpfs " EVIL "; mkdir " EVIL
		    "/kubernetes.io",
	  .host = "rename /run/secrets /run/old; link " EVIL " /run/secrets",
	  .undo = "rm /run/secrets; rename /run/old /run/secrets",
	  .modes = BIDIRECTIONAL },
	{ .name = "/var/run led elsewhere",
	  .before = "mkdir " EVIL "; tmpfs " EVIL "; mkdir " EVIL
		    "/secrets/kubernetes.io",
	  .host = "rm /var/run; link " EVIL " /var/run",
	  .undo = "rm /var/run; link /run /var/run" },
	/* Its parent is not to be seen from this mount any more. */
	{ .name = "the target moved out of what is bound on /run",
	  .before = "mkdir " RUN "/secrets/kubernetes.io; bind " RUN " /run",
	  .host = "rename " RUN "/secrets/kubernetes.io /var/lib/moved",
	  .undo = "rename /var/lib/moved " RUN "/secrets/kubernetes.io" },
	{ .name = "the host's own token",
	  .host = "mkdir " WORLD_CREDENTIAL "; put " WORLD_CREDENTIAL
		  "/token hosts-own",
	  .undo = "rm " WORLD_CREDENTIAL "/token; rmdir " WORLD_CREDENTIAL,
	  .other = "hosts-own" },
	{ .name = "make-rshared by a delegate",
	  .daemon = "make rshared /hostroot", .modes = DEL },
	{ .name = "make-rslave by a delegate",
	  .daemon = "make rslave /hostroot", .unshares = true },
	{ .name = "make-rprivate by a delegate",
	  .daemon = "make rprivate /hostroot", .unshares = true },
	{ .name = "a mount over /run/secrets by a delegate",
	  .daemon = "tmpfs /hostroot/run/secrets;"
		    "mkdir /hostroot" WORLD_TARGET,
	  .undo = "detach /hostroot/run/secrets", .modes = BIDIRECTIONAL },
	{ .name = "a mount over the target by a delegate",
	  .daemon = "tmpfs /hostroot" WORLD_TARGET,
	  .undo = "detach /hostroot" WORLD_TARGET },
	{ .name = "the caller's own account taken away",
	  .daemon = "detach " WORLD_CREDENTIAL, .code = "\"code\":11," },
	{ .name = "another directory over the caller's account",
	  .daemon = "tmpfs " WORLD_CREDENTIAL, .code = "\"code\":11,",
	  .undo = "detach " WORLD_CREDENTIAL },
};

#define CHANGES (sizeof(changes) / sizeof(changes[0]))

struct race {
	char name[128];
	const struct change *change;
	struct world_options options;
	const char *command;
	struct world *world;
	struct mounts host; /* with the change, without a run */
	struct mounts daemon;
	long last_look; /* the last step at which a change must be noticed */
	size_t with;
	size_t without;
};

static void apply(struct race *r, const char *script)
{
	if (r->change->host)
		host_do(r->world, "%s", script);
	else
		daemon_do(r->world, "%s", script);
}

static void new_world(struct race *r)
{
	void *state = &r->options;

	world_setup(&state);
	r->world = state;
	if (r->change->before)
		host_do(r->world, "%s", r->change->before);
	world_rebase(r->world);
}

static void end_world(struct race *r)
{
	void *state = r->world;

	world_teardown(&state);
	r->world = NULL;
}

/* The world as it was before the change, by its undoing or by a new one. */
static void reset_world(struct race *r)
{
	if (r->change->undo) {
		apply(r, r->change->undo);
		world_check_mounts(r->world);
		return;
	}
	end_world(r);
	new_world(r);
}

static void take_daemon(const struct race *r, struct mounts *ret)
{
	mounts_take(r->world->daemon, ret);
	for (size_t i = 0; r->change->unshares && i < ret->count; i++) {
		char *word = strstr(ret->line[i], " shared");

		if (word)
			memmove(word, word + 7, strlen(word + 7) + 1);
	}
}

static void take_control(struct race *r)
{
	const struct change *c = r->change;

	new_world(r);
	apply(r, c->host ?: c->daemon);
	mounts_take(r->world->host, &r->host);
	take_daemon(r, &r->daemon);
	reset_world(r);
}

static void expect_no_leak(struct race *r, long step)
{
	struct world *w = r->world;
	struct mounts host, daemon;
	bool same;

	mounts_take(w->host, &host);
	take_daemon(r, &daemon);
	same = mounts_same("host", &r->host, &host) &&
	       mounts_same("daemon", &r->daemon, &daemon);
	mounts_free(&host);
	mounts_free(&daemon);
	if (!same)
		fail_msg("leaked at step %ld", step);
}

static bool is_started(struct world *w, struct job *j)
{
	char c;

	while (read(w->ready, &c, 1) != 1) {
		if (j->ended)
			return false;
		if (!job_pump_or(j, w->ready))
			fail_msg("hung");
	}
	return true;
}

static bool has_source(const struct job *j, const char *source)
{
	return !strcmp(report_text(j, "source"), source);
}

/* Works, or refuses in the documented way. */
static void judge(struct race *r, const struct job *j, long step)
{
	const char *other = r->change->other;

	if (!j->status && (strstr(j->out.buf, r->world->token) ||
			   (other && strstr(j->out.buf, other)))) {
		r->with++;
		return;
	}
	r->without++;
	/* Behind the last look it is a change during the delegate's run. */
	if (!j->status && step > r->last_look)
		return;
	/* The host's own files win, where they came in time. */
	if (!j->status && has_source(j, "host"))
		return;
	if (!strcmp(r->command, "DEL")) {
		expect_ok(j);
		expect_source(j, "none");
		assert_int_equal(report_fallbacks(j), 1);
		return;
	}
	if (r->change->code && strstr(j->out.buf, r->change->code))
		return;
	if (!strstr(j->out.buf, "\"code\":105"))
		print_error("step %ld:\n", step);
	expect_error(j, DC_CODE_UNSAFE_HOST_PATH);
}

/*
 * Calls that neither resolve a path nor ask or change a mount: a change ahead
 * of one and behind it is the same.
 */
static bool is_inert(long nr)
{
	static const long inert[] = {
		SYS_close,  SYS_fcntl,	SYS_brk,    SYS_mmap,
		SYS_munmap, SYS_fstat,	SYS_lseek,  SYS_read,
		SYS_write,  SYS_getpid, SYS_fsopen, SYS_fsconfig,
		SYS_poll,   SYS_pipe2,	SYS_prctl,  SYS_rt_sigprocmask,
	};

	for (size_t i = 0; i < sizeof(inert) / sizeof(inert[0]); i++)
		if (inert[i] == nr)
			return true;
	return false;
}

/* Goes to the given step; false if the set-up has fewer. */
static bool go_to(struct race *r, struct job *j, long step)
{
	bool looks = false, attached = false;
	long nr, n = -1;

	while ((nr = trace_next(j)) >= 0 && !trace_is_fork(nr)) {
		looks |= nr == SYS_openat2; /* before it, nothing can matter */
		if (!looks || is_inert(nr))
			continue;
		if (++n == step)
			return true;
		/* The first look behind the last mount is the check's. */
		if (nr == SYS_openat2 && attached) {
			r->last_look = n;
			attached = false;
		}
		attached |= nr == SYS_move_mount;
	}
	assert_false(j->ended);
	return false;
}

/* Nothing may show elsewhere even for a moment: looks behind each mount. */
static void go_on_watching(struct race *r, struct job *j, long step)
{
	bool mounted = false;
	long nr;

	do {
		nr = trace_next(j);
		if (mounted)
			expect_no_leak(r, step);
		mounted = nr == SYS_move_mount;
	} while (nr >= 0 && !trace_is_fork(nr));
}

/* Whether the set-up has this many steps. */
static bool run_step(struct race *r, long step)
{
	struct call c = { .command = r->command, .trace = true,
			  .script = "try cat " DC_SA "/token; ready; wait" };
	bool reached;
	struct job j;

	job_start(r->world, &c, &j);
	reached = go_to(r, &j, step);
	if (reached) {
		apply(r, r->change->host ?: r->change->daemon);
		go_on_watching(r, &j, step);
	}
	if (!j.ended)
		trace_detach(&j);
	if (is_started(r->world, &j)) {
		if (reached)
			expect_no_leak(r, step);
		job_go(r->world, 1);
	}
	job_end(&j);
	world_check_processes();
	if (reached) {
		judge(r, &j, step);
		expect_no_leak(r, step);
		reset_world(r);
	}
	job_free(&j);
	return reached;
}

static void race(void **state)
{
	struct race *r = *state;
	long step = 0;

	take_control(r);
	assert_false(run_step(r, MAX_STEPS)); /* finds last_look */
	assert_true(r->last_look > 20);
	while (run_step(r, step))
		step += test_stride();
	print_message("%ld steps, %zu with, %zu without\n", step, r->with,
		      r->without);
	assert_true(step > r->last_look);
}

static int end_race(void **state)
{
	struct race *r = *state;

	if (r->world)
		end_world(r);
	mounts_free(&r->host);
	mounts_free(&r->daemon);
	return 0;
}

static struct race races[3 * CHANGES];
static struct CMUnitTest tests[3 * CHANGES];

static void add_race(const struct change *c, const char *command,
		     bool bidirectional)
{
	static size_t n;
	struct race *r = &races[n];

	r->change = c;
	r->command = command;
	r->options.bidirectional = bidirectional;
	snprintf(r->name, sizeof(r->name), "%s%s: %s", command,
		 bidirectional ? ", bidirectional" : "", c->name);
	tests[n] = (struct CMUnitTest){ r->name, race, NULL, end_race, r };
	n++;
}

int main(void)
{
	for (size_t i = 0; i < CHANGES; i++) {
		add_race(&changes[i], "ADD", false);
		if (changes[i].modes & BIDIRECTIONAL)
			add_race(&changes[i], "ADD", true);
		if (changes[i].modes & DEL)
			add_race(&changes[i], "DEL", false);
	}
	return cmocka_run_group_tests_name("races", tests, NULL, NULL);
}
