/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one invocation costs, side by side: a daemon's container as in the
 * tests (helper/test/world.c), a host with more and more mounts, and the ways
 * to give a delegate its credential taking turns. Prints one sample a line:
 *
 *	MOUNTS PARALLEL CONTESTANT MEASURE VALUE
 *
 * MEASURE is wall_us and cpu_us with a CNI reference plugin (one after the
 * other, or of all in parallel divided by their number), and minimal_wall_us,
 * minimal_cpu_us, syscalls and kib (the memory of one that waits) with the
 * tests' delegate, which does nothing.
 */
#include <assert.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../helper/test/harness.h"
#include "clock.h"
#include "contestant.h"
#include "memory.h"

#define RULE_FOR_BOTH                                                          \
	CONFIG_OF(RULE("userspace", "\"matchPlugins\":[\"userspace\",\"static\"]", \
		       DELIVER_ACCOUNT))

#define PARALLEL 32
#define BATCH 96 /* started in all while PARALLEL run */
#define HELD 64	 /* in flight when memory is measured */

/* Beyond, many at once of those that read the table of mounts take hours. */
#define TABLE_READERS_UP_TO 1000

#define ROUNDS 200
#define BATCHES 12
#define MEMORY_ROUNDS 7

#define MAX_CONTESTANTS 16

/* Of one contestant in one table row; the slow ones get fewer samples. */
#define ENOUGH_US 8e6

static struct world *world;
static int null_fd;

static void sample(int mounts, int parallel,
		   const struct contestant *c, const char *measure,
		   double value)
{
	printf("%d %d %s %s %.1f\n", mounts, parallel, c->name, measure,
	       value);
}

static double cpu_us(const struct rusage *u)
{
	return (u->ru_utime.tv_sec + u->ru_stime.tv_sec) * 1e6 +
	       u->ru_utime.tv_usec + u->ru_stime.tv_usec;
}

static void expect_success(const struct contestant *c, int status)
{
	if (status)
		errx(1, "%s ended with wait status %x", c->name, status);
}

typedef double measure_fn(int mounts, const struct contestant *c);

static double measure_run(int mounts, const struct contestant *c,
			  const char *wall, const char *cpu)
{
	double began = clock_now_us();
	pid_t pid = contestant_start(c, null_fd, null_fd);
	struct rusage u;
	int status;

	if (wait4(pid, &status, 0, &u) != pid)
		err(1, "wait4");
	began = clock_now_us() - began;
	sample(mounts, 1, c, wall, began);
	sample(mounts, 1, c, cpu, cpu_us(&u));
	expect_success(c, status);
	return began;
}

static double measure_minimal(int mounts, const struct contestant *c)
{
	return measure_run(mounts, c, "minimal_wall_us", "minimal_cpu_us");
}

static double measure_real(int mounts, const struct contestant *c)
{
	return measure_run(mounts, c, "wall_us", "cpu_us");
}

static void reap_one(const struct contestant *c)
{
	int status;

	if (wait(&status) < 0)
		err(1, "wait");
	expect_success(c, status);
}

static double measure_parallel(int mounts, const struct contestant *c)
{
	double began = clock_now_us();
	int running = 0;

	for (int i = 0; i < BATCH; i++) {
		if (running == PARALLEL) {
			reap_one(c);
			running--;
		}
		contestant_start(c, null_fd, null_fd);
		running++;
	}
	while (running--)
		reap_one(c);
	began = clock_now_us() - began;
	sample(mounts, PARALLEL, c, "wall_us", began / BATCH);
	return began;
}

static void measure_syscalls(int mounts, const struct contestant *c)
{
	static long numbers[512];
	size_t counts[512] = { 0 }, sum = 0;
	struct job j = { .pidfd = -1 };

	for (int i = 0; i < 512; i++)
		numbers[i] = i;
	j.pid = contestant_trace(c, null_fd, null_fd);
	if (waitpid(j.pid, &j.status, 0) != j.pid)
		err(1, "waitpid");
	trace_count(&j, numbers, 512, counts);
	expect_success(c, j.status);
	for (int i = 0; i < 512; i++)
		sum += counts[i];
	sample(mounts, 1, c, "syscalls", sum);
}

/* Until HELD delegates say that they are there. */
static void hold(const struct contestant *c)
{
	char ready;

	for (int i = 0; i < HELD; i++)
		contestant_start(c, null_fd, null_fd);
	for (int i = 0; i < HELD;) {
		if (read(world->ready, &ready, 1) == 1)
			i++;
		else
			usleep(1000);
	}
}

static double measure_memory(int mounts, const struct contestant *c)
{
	double began = clock_now_us(), before = memory_kib();

	contestant_script("ready; wait");
	hold(c);
	sample(mounts, HELD, c, "kib", (memory_kib() - before) / HELD);
	job_go(world, HELD);
	for (int i = 0; i < HELD; i++)
		reap_one(c);
	contestant_script("");
	return clock_now_us() - began;
}

/* A contestant that does not do the job has no place in the comparison. */
static void check(const struct contestant *c)
{
	char out[256] = "";
	size_t len = 0;
	ssize_t n;
	int p[2];

	if (!c->has_credential)
		return;
	if (pipe2(p, O_CLOEXEC))
		err(1, "pipe2");
	contestant_script("cat " DC_SA "/token");
	contestant_start(c, p[1], null_fd);
	close(p[1]);
	while ((n = read(p[0], out + len, sizeof(out) - 1 - len)) > 0)
		len += n;
	close(p[0]);
	reap_one(c);
	if (strncmp(out, world->token, strlen(world->token)) != 0)
		errx(1, "%s: the delegate finds no credential", c->name);
	contestant_script("");
}

/* 0 to n - 1, in another order each time; without a seed, so as in each run. */
static void shuffle(int *order, int n)
{
	for (int i = 0; i < n; i++) {
		int j = (int)(random() % (i + 1));

		order[i] = order[j];
		order[j] = i;
	}
}

/*
 * They take turns, in another order each round: what the kernel takes down
 * after one has ended would slow the same next one each time.
 */
static void take_turns(int mounts, int rounds, bool many, measure_fn *measure)
{
	double spent[MAX_CONTESTANTS] = { 0 };
	int order[MAX_CONTESTANTS] = { 0 };

	for (int r = 0; r < rounds; r++) {
		shuffle(order, contestant_count);
		for (int i = 0; i < contestant_count; i++) {
			int n = order[i];

			if (many && mounts > TABLE_READERS_UP_TO &&
			    contestants[n].reads_table)
				continue;
			if (spent[n] < ENOUGH_US)
				spent[n] += measure(mounts, &contestants[n]);
		}
	}
}

static void measure_all(int mounts)
{
	assert(contestant_count <= MAX_CONTESTANTS);
	warnx("%d mounts on the host", mounts);
	for (int i = 0; i < contestant_count; i++)
		check(&contestants[i]);
	for (int i = 0; i < contestant_count; i++)
		measure_syscalls(mounts, &contestants[i]);
	take_turns(mounts, ROUNDS, false, measure_minimal);
	contestant_plugin(&plugin_go);
	take_turns(mounts, ROUNDS, false, measure_real);
	take_turns(mounts, BATCHES, true, measure_parallel);
	contestant_plugin(&plugin_minimal);
	if (memory_is_known())
		take_turns(mounts, MEMORY_ROUNDS, true, measure_memory);
}

static int mount_namespace(void)
{
	int ns = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);

	if (ns < 0)
		err(1, "/proc/self/ns/mnt");
	return ns;
}

static void enter(int ns)
{
	if (setns(ns, CLONE_NEWNS))
		err(1, "setns");
}

/* A copy as an invocation makes it, held by its descriptor. */
static int make_copy(void)
{
	int here = mount_namespace(), copy;

	if (unshare(CLONE_NEWNS))
		err(1, "unshare");
	copy = mount_namespace();
	enter(here);
	close(here);
	return copy;
}

/* Runs body in a process of its own, in a namespace. */
static void run_in(int ns, void (*body)(int), int argument)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		enter(ns);
		body(argument);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		errx(1, "the world cannot be equipped");
}

/* Bind mounts, as a node with many pods has them, until there are n. */
static void mount_many(int n)
{
	char path[32];

	if (mkdir("/many", 0755) && errno != EEXIST)
		err(1, "/many");
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "/many/%d", i);
		if (mkdir(path, 0755)) {
			if (errno != EEXIST)
				err(1, "%s", path);
			continue;
		}
		if (mount("/etc/tenant", path, NULL, MS_BIND, NULL))
			err(1, "%s", path);
	}
}

static void install(int from, const char *path)
{
	int to = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	ssize_t n;

	while ((n = sendfile(to, from, NULL, 1 << 20)) > 0)
		continue;
	if (n < 0)
		err(1, "%s", path);
}

static void install_plugin(int from)
{
	install(from, plugin_go.path);
}

static void install_wrapper(int from)
{
	install(from, CONTESTANT_WRAPPER);
}

/* The other contestants' programs. */
static void attach_programs(int usr)
{
	tree_attach(usr, "/usr");
}

/*
 * As on a node. Without control groups the Go runtime of each plugin looks for
 * its own among all mounts, which with many takes longer than all else.
 */
static void attach_cgroups(int tree)
{
	tree_attach(tree, "/sys/fs/cgroup");
}

static int open_program(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

static void equip(const char *plugin, const char *wrapper)
{
	int usr = tree_copy("/usr", 0);
	int cgroups = tree_copy("/sys/fs/cgroup", AT_RECURSIVE);
	int from_plugin = open_program(plugin);
	int from_wrapper = open_program(wrapper);

	host_do(world, "mkdir /sys/fs/cgroup");
	run_in(world->host_ns, attach_cgroups, cgroups);
	daemon_do(world, "mkdir /usr; link usr/bin /bin; link usr/sbin /sbin;"
			 "link usr/lib /lib; link usr/lib64 /lib64");
	run_in(world->daemon_ns, attach_programs, usr);
	run_in(world->daemon_ns, install_wrapper, from_wrapper);
	run_in(world->host_ns, install_plugin, from_plugin);
	close(usr);
	close(cgroups);
	close(from_plugin);
	close(from_wrapper);
}

static void run_at(int mounts)
{
	int here = mount_namespace(), copy;

	run_in(world->host_ns, mount_many, mounts);
	enter(world->daemon_ns);
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null_fd < 0)
		err(1, "/dev/null");
	copy = make_copy();
	contestant_keep(copy);
	measure_all(mounts);
	enter(here);
	close(here);
	close(copy);
	close(null_fd);
}

/* The reference plugin, wrapper.c, and the numbers of mounts in ascending order. */
int main(int argc, char **argv)
{
	void *state = NULL;

	if (argc < 4)
		errx(2, "usage: invocations PLUGIN WRAPPER MOUNTS...");
	setvbuf(stdout, NULL, _IOLBF, 0);
	memory_cgroup_enter();
	if (world_setup(&state))
		errx(1, "no world");
	world = state;
	store_prepare(world, RULE_FOR_BOTH);
	equip(argv[1], argv[2]);
	contestant_plugin(&plugin_minimal);
	contestant_script("");
	for (int i = 3; i < argc; i++)
		run_at(atoi(argv[i]));
	world_teardown(&state);
	memory_cgroup_leave();
	return 0;
}
