/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "delegate-credentials.h"
#include "clock.h"
#include "confine.h"
#include "fd.h"
#include "mnt.h"
#include "rootpath.h"
#include "space.h"
#include "stage.h"

/* What the steps share. */
struct build {
	const struct plan *plan;
	const struct options *options;
	struct view *view;
	struct report *report;
	struct stage *stage;
};

static int host_changed(struct err *e)
{
	return err_set(
		e, DC_CODE_UNSAFE_HOST_PATH,
		"leave /" DC_VAR_RUN "/" DC_SECRETS_DIR
		" of the host alone while a delegate starts: it changed");
}

static int is_same_file(int fd, const struct fd_identity *expected,
			struct err *e)
{
	struct fd_identity here;

	if (fd_identify(fd, &here) < 0)
		return err_call(e, errno, "fstat");
	return fd_same(&here, expected) ? 0 : host_changed(e);
}

/* Resolves the target in the copy, from the root, as a delegate would. */
static int resolve(const struct build *b, bool create, struct err *e)
{
	auto_fd run = rootpath_run(b->stage->root, e);
	bool missing;

	if (run < 0 || is_same_file(run, &b->view->run, e) < 0)
		return -1;
	return rootpath_secrets(run, create, &missing, e);
}

/* How far DC_SECRETS_DIR is below the directory that /var/run leads to. */
#define LEVELS_BELOW_RUN 2

/*
 * Cuts the mount that will carry ours off from the others, in this namespace
 * only. From here on nothing that is mounted on it can leave the copy: so it
 * has to be that of /run, or one below.
 */
static int isolate_carrier(const struct build *b, int secrets,
			   struct mnt_place *ret, struct err *e)
{
	struct mnt_place root;
	auto_fd carrier = mnt_climb(secrets, LEVELS_BELOW_RUN, e);

	if (carrier < 0 || mnt_locate(carrier, ret, e) < 0 ||
	    mnt_locate(b->stage->root, &root, e) < 0)
		return -1;
	if (ret->id == root.id)
		return err_set(e, DC_CODE_UNSAFE_HOST_PATH,
			       MNT_CARRIER_REMEDY ": on the root file system "
			       "a delegate's own mounts would be lost");
	return mnt_make_slave(carrier, e);
}

/* The target must still be where it was, on the carrier itself, and free. */
static int resolve_again(const struct build *b, int secrets,
			 const struct mnt_place *carrier, struct err *e)
{
	struct fd_identity before;
	struct mnt_place place;
	bool is_free;
	auto_fd again = resolve(b, false, e);

	if (again < 0)
		return -1;
	if (fd_identify(secrets, &before) < 0)
		return err_call(e, errno, "fstat");
	if (is_same_file(again, &before, e) < 0 ||
	    mnt_locate(again, &place, e) < 0 ||
	    rootpath_is_free(again, &is_free, e) < 0)
		return -1;
	if (place.id != carrier->id || !is_free)
		return host_changed(e);
	return fd_take(&again);
}

/* DEL and GC clean up: they run with what there is, and it is named. */
static bool is_strict(const struct options *o, const struct report *r)
{
	return o->strict && r->command != CNI_DEL && r->command != CNI_GC;
}

/*
 * That the helper can keep to itself. Whether seccomp is there shows anyway
 * once it waits; with --strict that would be too late.
 */
static void look_at_confinement(const struct build *b)
{
	if (!confine_memory_holds())
		report_fallback(b->report,
				"dumpable: other processes may look into the "
				"helper's memory");
	if (!confine_relocated_holds())
		report_fallback(b->report,
				"relro: the helper's relocated data can be "
				"written");
	if (is_strict(b->options, b->report) && !confine_waiting_is_possible())
		report_fallback(b->report,
				"seccomp: the waiting helper cannot be "
				"confined");
}

/*
 * A filter that forbids what comes once the delegate runs would leave its
 * credential to what it leaves.
 */
static int try_later_calls(struct err *e)
{
	if (kill(getpid(), 0) < 0)
		return err_call(e, errno, "kill");
	return mnt_try_detach(e);
}

static int do_private_copy(const struct build *b, const struct plan_op *op,
			   struct err *e)
{
	int root;

	(void)op;
	if (fd_keep_all() < 0)
		return err_call(e, errno, "close_range");
	if (try_later_calls(e) < 0)
		return -1;
	look_at_confinement(b);
	root = space_enter(b->options->root, b->stage->root, b->report, e);
	if (root < 0)
		return -1;
	fd_close(&b->stage->root);
	b->stage->root = root;
	return 0;
}

/* Everything in our tmpfs lies at its top. */
static const char *name_of(const struct plan_op *op)
{
	return strrchr(op->path, '/') + 1;
}

/*
 * What the operations to come need in it, all at once: from its attachment on
 * it is read-only.
 */
static int fill(const struct plan *p, int tmpfs, struct err *e)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct plan_op *op = &p->ops[i];

		if (op->kind == PLAN_BIND &&
		    mnt_add_directory(tmpfs, name_of(op), e) < 0)
			return -1;
		if (op->kind == PLAN_FILE &&
		    mnt_add_file(tmpfs, name_of(op), op->text, e) < 0)
			return -1;
	}
	return mnt_finish(tmpfs, e);
}

static int do_tmpfs(const struct build *b, const struct plan_op *op,
		    struct err *e)
{
	struct mnt_place carrier;
	auto_fd target = -1;
	auto_fd tmpfs = -1;
	auto_fd secrets = resolve(b, true, e);

	(void)op;
	if (secrets < 0 || isolate_carrier(b, secrets, &carrier, e) < 0)
		return -1;
	target = resolve_again(b, secrets, &carrier, e);
	if (target < 0)
		return -1;
	tmpfs = mnt_tmpfs(b->report, e);
	if (tmpfs < 0 || fill(b->plan, tmpfs, e) < 0 ||
	    mnt_attach(tmpfs, target, "", e) < 0)
		return -1;
	b->stage->tmpfs = fd_take(&tmpfs);
	return 0;
}

static int do_bind(const struct build *b, const struct plan_op *op,
		   struct err *e)
{
	auto_fd bind = -1;
	auto_fd dir = material_open(&b->view->material, op->text, e);

	if (dir < 0)
		return -1;
	bind = mnt_bind(dir, e);
	if (bind < 0)
		return -1;
	if (mnt_attach(bind, b->stage->tmpfs, name_of(op), e) < 0)
		return -1;
	b->stage->bind = fd_take(&bind);
	return 0;
}

/*
 * A host that mounted or moved something meanwhile can have led ours astray:
 * look that it is private and that the delegate's way ends in it.
 */
static int do_check(const struct build *b, const struct plan_op *op,
		    struct err *e)
{
	const struct plan_op *bind = plan_find(b->plan, PLAN_BIND);
	struct fd_identity tmpfs;
	auto_fd material = -1;
	auto_fd seen = -1;
	bool shared;

	(void)op;
	if (b->stage->tmpfs < 0)
		return 0;
	if (mnt_is_shared(b->stage->tmpfs, &shared, b->report, e) < 0)
		return -1;
	if (shared)
		return host_changed(e);
	if (fd_identify(b->stage->tmpfs, &tmpfs) < 0)
		return err_call(e, errno, "fstat");
	seen = resolve(b, false, e);
	if (seen < 0 || is_same_file(seen, &tmpfs, e) < 0)
		return -1;
	material = rootpath_child(seen, name_of(bind), e);
	if (material < 0)
		return -1;
	return is_same_file(material, &b->view->material.identity, e);
}

/* Done by do_tmpfs already, or no mount at all: see outfit.h. */
static int do_nothing(const struct build *b, const struct plan_op *op,
		      struct err *e)
{
	(void)b;
	(void)op;
	(void)e;
	return 0;
}

typedef int step_fn(const struct build *b, const struct plan_op *op,
		    struct err *e);

static step_fn *const steps[] = {
	[PLAN_PRIVATE_COPY] = do_private_copy,
	[PLAN_TMPFS] = do_tmpfs,
	[PLAN_FILE] = do_nothing,
	[PLAN_BIND] = do_bind,
	[PLAN_ENV] = do_nothing,
	[PLAN_CONF_KEY] = do_nothing,
	[PLAN_RUN] = do_check,
};

static int check_strict(const struct options *o, const struct report *r,
			size_t before, struct err *e)
{
	if (!is_strict(o, r) || r->fallback_count == before)
		return 0;
	return err_set(e, DC_CODE_KERNEL,
		       "see to this or take out --strict: %s",
		       before < REPORT_FALLBACKS ? r->fallbacks[before] : "");
}

/*
 * The namespace may be another one by now: in the root of the one before, a
 * delegate could neither mount nor unmount. There may be no descriptor left
 * for two.
 */
static void open_root_anew(const struct options *o, struct stage *s)
{
	struct err e = ERR_INIT;

	fd_close(&s->root);
	s->root = rootpath_root(o->root, &e);
}

int stage_build(const struct plan *p, const struct options *o,
		struct view *v, struct stage *ret, struct report *r,
		struct err *e)
{
	struct build b = { p, o, v, r, ret };
	size_t before = r->fallback_count;

	ret->tmpfs = ret->bind = -1;
	ret->root = fd_take(&v->root);
	for (size_t i = 0; i < p->count; i++) {
		if (steps[p->ops[i].kind](&b, &p->ops[i], e) < 0 ||
		    check_strict(o, r, before, e) < 0) {
			stage_strike(ret, r);
			open_root_anew(o, ret);
			return -1;
		}
	}
	return 0;
}

/* A caller waits for it, and SIGTERM is not heard meanwhile. */
#define STRIKE_US 5000000ULL

void stage_strike(struct stage *s, struct report *r)
{
	int *const mounts[] = { &s->tmpfs, &s->bind };
	uint64_t until = clock_us() + STRIKE_US;
	int why = 0;

	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		if (*mounts[i] >= 0 && mnt_detach(*mounts[i], until) < 0)
			why = errno;
		fd_close(mounts[i]);
	}
	if (why)
		report_fallback(r,
				"umount: what the delegate may have left "
				"running keeps the credential (%s)",
				err_errno_text(why));
}
