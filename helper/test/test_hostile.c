// SPDX-License-Identifier: Apache-2.0
/* A store written by somebody who means harm: nothing of it is delivered. */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define USERSPACE WORLD_STORE "/userspace"
#define DATA USERSPACE "/data"
#define META USERSPACE "/meta"
#define TRY_TOKEN "try cat " DC_SA "/token"

#define OWN(path) "own " path " 65532;"

/* What is done to a good store, and what the refusal names. */
static const struct {
	const char *name;
	const char *script;
	const char *says;
} hostile[] = {
	{ "a link out of the store in place of a file",
	  "rm " DATA "/token; link " DC_SA "/token " DATA "/token;"
	  OWN(DATA "/token"), "'token' leads elsewhere" },
	{ "a link to a neighbour's file",
	  "rm " DATA "/token; link ../../other/data/token " DATA "/token;"
	  OWN(DATA "/token"), "'token' leads elsewhere" },
	{ "a link to another file of the generation",
	  "rm " DATA "/ca.crt; link ..data/token " DATA "/ca.crt;"
	  OWN(DATA "/ca.crt"), "'ca.crt' leads elsewhere" },
	{ "a link that is one of another directory",
	  "rm " DATA "/ca.crt; link ..Data/ca.crt " DATA "/ca.crt;"
	  OWN(DATA "/ca.crt"), "'ca.crt' leads elsewhere" },
	{ "a generation elsewhere",
	  "rm " DATA "/..data; link /etc " DATA "/..data;" OWN(DATA "/..data"),
	  "'..data' leads elsewhere" },
	{ "the parent as a generation",
	  "rm " DATA "/..data; link .. " DATA "/..data;" OWN(DATA "/..data"),
	  "'..data' leads elsewhere" },
	{ "a next generation elsewhere",
	  "link /etc " DATA "/..data_tmp;" OWN(DATA "/..data_tmp"),
	  "'..data_tmp' leads elsewhere" },
	{ "a generation that is a link",
	  "rename " DATA "/..1 " USERSPACE "/real; link ../real " DATA "/..1;"
	  OWN(DATA "/..1"), "'..1'" },
	{ "a file that is a link",
	  "rm " DATA "/..1/ca.crt; link token " DATA "/..1/ca.crt;"
	  OWN(DATA "/..1/ca.crt"), "'ca.crt' is of another type" },
	{ "a file in place of a link",
	  "rm " DATA "/token; put " DATA "/token x; chmod " DATA "/token 400;"
	  OWN(DATA "/token"), "'token' is of another type" },
	{ "a device",
	  "rm " DATA "/..1/ca.crt; mknod " DATA "/..1/ca.crt 1:5;"
	  OWN(DATA "/..1/ca.crt"), "'ca.crt' is of another type" },
	{ "a FIFO",
	  "rm " DATA "/..1/ca.crt; mkfifo " DATA "/..1/ca.crt;"
	  OWN(DATA "/..1/ca.crt"), "'ca.crt' is of another type" },
	{ "a directory in a generation",
	  "mkdir " DATA "/..1/x;" OWN(DATA "/..1/x"),
	  "'x' is of another type" },
	{ "a set-uid file", "chmod " DATA "/..1/ca.crt 4400",
	  "'ca.crt' has a mode" },
	{ "a file that all can read", "chmod " DATA "/..1/ca.crt 444",
	  "'ca.crt' has a mode" },
	{ "a program", "chmod " DATA "/..1/ca.crt 500", "'ca.crt' has a mode" },
	{ "a file of root's", "own " DATA "/..1/token 0",
	  "'token' has another owner" },
	{ "a link of root's", "own " DATA "/token 0",
	  "'token' has another owner" },
	{ "a generation of root's", "own " DATA "/..1 0",
	  "'..1' has another owner" },
	{ "data of root's", "own " DATA " 0", "'data' has another owner" },
	{ "a rule of root's", "own " USERSPACE " 0",
	  "'userspace' has another owner" },
	{ "data that all can write", "chmod " DATA " 777", "'data' has a mode" },
	{ "a generation that a group can write", "chmod " DATA "/..1 770",
	  "'..1' has a mode" },
	{ "a hard link",
	  "name " DATA "/..1/ca.crt " USERSPACE "/other", "another name" },
	{ "a file that is too large", "size " DATA "/..1/ca.crt 1048577",
	  "'ca.crt' is too large" },
	{ "a token that is too large", "size " DATA "/..1/token 65537",
	  "'token' is too large" },
	{ "an empty token", "size " DATA "/..1/token 0", "'token' is empty" },
	{ "a file of another file system",
	  "put /tmp/file x; bind /tmp/file " DATA "/..1/ca.crt", "'ca.crt'" },
	{ "data of another file system", "tmpfs " DATA ";" OWN(DATA),
	  "another file system" },
	{ "something else in data",
	  "put " DATA "/token~ x;" OWN(DATA "/token~"), "does not belong" },
	{ "something hidden in data",
	  "mkdir " DATA "/...x;" OWN(DATA "/...x"), "does not belong" },
	{ "something else in a generation",
	  "put " DATA "/..1/..x x; chmod " DATA "/..1/..x 400;"
	  OWN(DATA "/..1/..x"), "does not belong" },
	{ "metadata that is too large", "size " META "/..1.json 4097",
	  "'..1.json' is too large" },
	{ "metadata that is huge", "size " META "/..1.json 1073741824",
	  "'..1.json' is too large" },
	{ "metadata that is a link",
	  "rm " META "/..1.json; link /dev/zero " META "/..1.json;"
	  OWN(META "/..1.json"), "'..1.json' is of another type" },
	{ "metadata that is a FIFO",
	  "rm " META "/..1.json; mkfifo " META "/..1.json;"
	  OWN(META "/..1.json"), "'..1.json' is of another type" },
	{ "metadata that is a device",
	  "rm " META "/..1.json; mknod " META "/..1.json 1:5;"
	  OWN(META "/..1.json"), "'..1.json' is of another type" },
	{ "metadata of root's", "own " META "/..1.json 0",
	  "'..1.json' has another owner" },
	{ "metadata that is none", "put " META "/..1.json {}", "'v' in it" },
	{ "metadata that is no JSON", "put " META "/..1.json {", "line 1" },
	{ "metadata of tomorrow",
	  "put " META "/..1.json {\"v\":2,\"issued\":1,\"expires\":null,"
	  "\"jti\":null,\"audience\":null,\"account\":null}", "version 2" },
	{ "a token that never expires",
	  "put " META "/..1.json {\"v\":1,\"issued\":1,\"expires\":null,"
	  "\"jti\":null,\"audience\":null,\"account\":null}",
	  "never expires" },
	{ "a meta that is a link",
	  "rename " META " " USERSPACE "/real; link real " META ";" OWN(META),
	  "'meta'" },
	/* Names go to logs and events: no escape, and no line of its own. */
	{ "a name that forges a line",
	  "put " DATA "/x\033[2J\302\233y x;"
	  OWN(DATA "/x\033[2J\302\233y"), "'x?[2J??y' does not belong" },
};

static void expect_refused(struct world *w, const char *command,
			   const char *name, const char *says)
{
	struct call c = { .config = WORLD_CONFIG, .command = command,
			  .script = TRY_TOKEN, .trace_waits = true };
	struct job j;

	job_start(w, &c, &j);
	trace_no_wait(&j, name);
	if (!strcmp(command, "ADD")) {
		expect_error_says(&j, DC_CODE_TRY_AGAIN, says);
	} else {
		expect_ok(&j);
		expect_out(&j, "cat ENOENT\n");
		assert_true(report_fallback_says(&j, says));
	}
	job_free(&j);
}

static void a_hostile_store_is_refused(void **state)
{
	struct world *w = *state;

	store_prepare(w, PLAIN_CONFIG);
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		store_anew(w);
		store_fill(w, "userspace", w->token, 3600);
		daemon_do(w, "%s", hostile[i].script);
		expect_refused(w, "ADD", hostile[i].name, hostile[i].says);
		expect_refused(w, "DEL", hostile[i].name, hostile[i].says);
	}
	world_check_processes();
	world_check_files(w);
}

/* A directory that cannot be listed may hold anything. */
static void a_store_that_cannot_be_listed(void **state)
{
	static const struct deny deny[] = {
		{ .nr = SYS_getdents64, .error = EIO }, { 0 }
	};
	struct world *w = *state;
	struct call c = { .config = WORLD_CONFIG, .script = TRY_TOKEN,
			  .deny = deny };
	struct job j;

	store_prepare(w, PLAIN_CONFIG);
	job_run(w, &c, &j);
	expect_error_says(&j, DC_CODE_TRY_AGAIN, "'.' input/output error");
	job_free(&j);
	world_check(w);
}

/* A token's bounds are not those of the files beside it. */
static void other_files_may_be_large_or_empty(void **state)
{
	static const char *const sizes[] = { "0", "65537", "1048576" };
	struct world *w = *state;
	struct call c = { .config = WORLD_CONFIG, .script = TRY_TOKEN };
	struct job j;

	store_prepare(w, PLAIN_CONFIG);
	for (size_t i = 0; i < 3; i++) {
		daemon_do(w, "size " DATA "/..1/ca.crt %s", sizes[i]);
		job_run(w, &c, &j);
		expect_ok(&j);
		expect_out(&j, w->token);
		job_free(&j);
	}
	world_check(w);
}

/* What is left of a swap that was going on is no attack. */
static void a_swap_may_be_going_on(void **state)
{
	struct world *w = *state;
	struct call c = { .config = WORLD_CONFIG, .script = TRY_TOKEN };
	struct job j;

	store_prepare(w, PLAIN_CONFIG);
	daemon_do(w, "mkdir " DATA "/..2;" OWN(DATA "/..2")
		     "put " DATA "/..2/half x; link ..2 " DATA "/..data_tmp;"
		     OWN(DATA "/..data_tmp")
		     "link ..data/new " DATA "/new;" OWN(DATA "/new"));
	job_run(w, &c, &j);
	expect_ok(&j);
	expect_out(&j, w->token);
	assert_string_equal(report_text(&j, "jti"), "jti-1");
	job_free(&j);
	world_check(w);
}

static void next_call(struct job *j, long want)
{
	long nr;

	do
		nr = trace_next(j);
	while (nr >= 0 && nr != want);
	assert_int_equal(nr, want);
}

/* Behind the choice of one, ahead of its mount. */
static void a_hostile_renewal_is_refused(void **state)
{
	struct world *w = *state;
	struct call c = { .config = WORLD_CONFIG, .trace = true,
			  .script = TRY_TOKEN };
	struct job j;

	store_prepare(w, PLAIN_CONFIG);
	job_start(w, &c, &j);
	next_call(&j, SYS_unshare);
	store_renew(w, "userspace", "renewed", 3600);
	daemon_do(w, "chmod " DATA "/..2/token 444");
	trace_detach(&j);
	job_end(&j);
	expect_error_says(&j, DC_CODE_TRY_AGAIN, "'token' has a mode");
	job_free(&j);
	world_check(w);
}

static const char *const behind_links[] = {
	"rename " DATA " " USERSPACE "/real; link real " DATA ";" OWN(DATA),
	"rename " USERSPACE " " WORLD_STORE "/real; link real " USERSPACE ";"
	OWN(USERSPACE),
};

/* The same directory, and yet by a way that its writer could change. */
static void a_directory_behind_a_link_is_not_taken(void **state)
{
	struct world *w = *state;
	struct call c = { .config = WORLD_CONFIG, .trace = true,
			  .script = TRY_TOKEN };
	struct job j;

	store_prepare(w, PLAIN_CONFIG);
	for (size_t i = 0; i < 2; i++) {
		store_anew(w);
		store_fill(w, "userspace", w->token, 3600);
		job_start(w, &c, &j);
		next_call(&j, SYS_unshare);
		daemon_do(w, "%s", behind_links[i]);
		trace_detach(&j);
		job_end(&j);
		expect_error_says(&j, DC_CODE_TRY_AGAIN, "leave the store");
		job_free(&j);
	}
	world_check_processes();
}

/* How many directories it has inotify watch. */
static int watches(const struct job *j)
{
	char path[64], line[512];
	int n = 0;
	FILE *f;

	for (int fd = 3; fd < 32; fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", j->pid, fd);
		f = fopen(path, "re");
		while (f && fgets(line, sizeof(line), f))
			n += !strncmp(line, "inotify ", 8);
		if (f)
			fclose(f);
	}
	return n;
}

static void a_rule_behind_a_link_is_not_watched(void **state)
{
	struct world *w = *state;
	struct call c = { .config = WORLD_CONFIG, .trace = true,
			  .script = TRY_TOKEN };
	struct job j;

	store_prepare(w, PLAIN_CONFIG);
	daemon_do(w, "rename " USERSPACE " " WORLD_STORE "/real");
	job_start(w, &c, &j);
	next_call(&j, SYS_inotify_init1);
	next_call(&j, SYS_poll);
	assert_int_equal(watches(&j), 1);
	daemon_do(w, "link real " USERSPACE ";" OWN(USERSPACE));
	while (trace_next(&j) >= 0)
		assert_true(watches(&j) <= 1);
	job_end(&j);
	expect_error_says(&j, DC_CODE_TRY_AGAIN, "'userspace'");
	job_free(&j);
	world_check_processes();
}

/* More changes than inotify keeps; two files in turn, since it merges like ones. */
static void flood(struct world *w)
{
	int files[2];

	for (int i = 0; i < 2; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/%d/root%s/f%d", w->daemon,
			 WORLD_STORE, i);
		files[i] = open(path, O_CREAT | O_RDONLY | O_CLOEXEC, 0600);
		assert_return_code(files[i], errno);
	}
	for (int i = 0; i < 20000; i++)
		assert_return_code(fchmod(files[i % 2], 0600), errno);
	close(files[0]);
	close(files[1]);
}

/* Who writes faster than it reads does not keep it from looking at the clock. */
static void a_flooded_store_does_not_hold_it_up(void **state)
{
	struct world *w = *state;
	struct call c = { .config = WORLD_CONFIG, .script = TRY_TOKEN,
			  .trace_waits = true };
	long reads = 0, nr;
	struct job j;

	config_put(w, PLAIN_CONFIG);
	store_mount(w);
	store_await(w, &c, &j);
	flood(w);
	assert_int_equal(store_woken(&j), 1);
	while ((nr = trace_next(&j)) != SYS_inotify_add_watch)
		reads += nr == SYS_read;
	assert_in_range(reads, 2, 32);
	store_fill(w, "userspace", w->token, 3600);
	trace_no_wait(&j, "filled");
	expect_ok(&j);
	expect_out(&j, w->token);
	job_free(&j);
	world_check_processes();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(a_hostile_store_is_refused),
		WORLD_TEST(a_store_that_cannot_be_listed),
		WORLD_TEST(other_files_may_be_large_or_empty),
		WORLD_TEST(a_swap_may_be_going_on),
		WORLD_TEST(a_hostile_renewal_is_refused),
		WORLD_TEST(a_directory_behind_a_link_is_not_taken),
		WORLD_TEST(a_rule_behind_a_link_is_not_watched),
		WORLD_TEST(a_flooded_store_does_not_hold_it_up),
	};

	return cmocka_run_group_tests_name("hostile", tests, NULL, NULL);
}
