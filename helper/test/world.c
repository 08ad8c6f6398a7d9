// SPDX-License-Identifier: Apache-2.0
#include "harness.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ops.h"

#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#define OPEN_TREE_CLOEXEC O_CLOEXEC
#define MOVE_MOUNT_F_EMPTY_PATH 4
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

#define STATE WORLD_POD "kubernetes.io~empty-dir/multus-delegate-exec"

/* What a node has; mounts of its own as systemd and kubelet make them. */
static const char host_script[] =
	"mkdir /proc; proc /proc; mkdir /dev; tmpfs /dev;"
	"mknod /dev/null 1:3; mknod /dev/zero 1:5; mknod /dev/urandom 1:9;"
	"mkdir /tmp; mkdir /etc/tenant; mkdir " OPS_SYNC_DIR ";"
	"mkfifo " OPS_READY "; mkfifo " OPS_GO "; mkfifo " OPS_LAST ";"
	"mkdir /var/lib; tmpfs /var/lib; mkdir /run; mkdir " STATE ";"
	"mkdir " WORLD_POD "kubernetes.io~empty-dir/shared-dir;"
	"mkdir /var/lib/vhost; mkdir " WORLD_ACCOUNT "; tmpfs " WORLD_ACCOUNT
	";"
	"mkdir " WORLD_ACCOUNT "/..1; put " WORLD_ACCOUNT
	"/..1/ca.crt CERTIFICATE;"
	"put " WORLD_ACCOUNT "/..1/namespace kube-system;"
	"link ..1 " WORLD_ACCOUNT "/..data;"
	"link ..data/token " WORLD_ACCOUNT "/token;"
	"link ..data/ca.crt " WORLD_ACCOUNT "/ca.crt;"
	"link ..data/namespace " WORLD_ACCOUNT "/namespace";

static const char container_script[] =
	"mkdir hostroot; mkdir proc; mkdir dev; mkdir run/multus-delegate-exec;"
	"mkdir run/secrets/kubernetes.io/serviceaccount; mkdir var; mkdir tmp;"
	"link /run var/run; mknod dev/null 1:3";

static void die(const char *what)
{
	dprintf(STDERR_FILENO, "world: %s: %s\n", what, strerror(errno));
	_exit(1);
}

static void need(int r, const char *what)
{
	if (r < 0)
		die(what);
}

static void run_script(const char *script)
{
	char why[256];

	if (ops_run(script, why))
		_exit(1);
}

const char *test_directory(void)
{
	static char dir[4096];
	ssize_t n;

	if (*dir)
		return dir;
	n = readlink("/proc/self/exe", dir, sizeof(dir) - 1);
	assert_return_code(n, errno);
	dir[n] = '\0';
	*strrchr(dir, '/') = '\0';
	return dir;
}

static int open_program(const char *variable, const char *beside)
{
	const char *name = variable ? getenv(variable) : NULL;
	char path[4200];
	int fd;

	if (!name) {
		snprintf(path, sizeof(path), "%s/%s", test_directory(), beside);
		name = path;
	}
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fail_msg("%s: %s", name, strerror(errno));
	return fd;
}

static void install(int from, const char *to)
{
	int fd = open(to, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0755);
	struct stat st;
	off_t off = 0;

	need(fd, to);
	need(fstat(from, &st), to);
	while (off < st.st_size)
		need(sendfile(fd, from, &off, st.st_size - off), to);
	close(fd);
}

static int open_helper(const struct world *w)
{
	if (w->o.helper)
		return open_program(NULL, w->o.helper);
	return open_program("TEST_HELPER", "../multus-delegate-exec");
}

/* A sanitizer's build has libraries; the container then has a /usr. */
static bool is_dynamic(int fd)
{
	Elf64_Ehdr e;
	Elf64_Phdr p;

	if (pread(fd, &e, sizeof(e), 0) != sizeof(e))
		die("helper");
	for (int i = 0; i < e.e_phnum; i++)
		if (pread(fd, &p, sizeof(p), e.e_phoff + i * sizeof(p)) ==
			    sizeof(p) &&
		    p.p_type == PT_INTERP)
			return true;
	return false;
}

static void enter_root(const char *dir)
{
	need(chdir(dir), dir);
	need(mkdir("old", 0700), "old");
	need(syscall(SYS_pivot_root, ".", "old"), "pivot_root");
	need(chdir("/"), "/");
	need(umount2("/old", MNT_DETACH), "umount old");
	need(rmdir("/old"), "rmdir old");
}

/* The file system, not the mount alone: no view of it can be written. */
static void seal_root(const struct world *w)
{
	if (w->o.read_only)
		need(mount(NULL, "/", NULL, MS_REMOUNT | MS_RDONLY, NULL),
		     "read-only root");
}

static void new_root(const char *dir)
{
	need(unshare(CLONE_NEWNS), "unshare");
	need(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "rprivate");
	need(mount("tmpfs", dir, "tmpfs", 0, "mode=755"), dir);
}

/* Until the test closes its end of the pipe, or is gone. */
static void keep(const struct world *w, int ready)
{
	const pid_t self = getpid();
	char c;

	need(write(ready, &self, sizeof(self)), "ready");
	close(ready);
	_exit(read(w->life[0], &c, 1) != 0);
}

/* In the directory that will be the root. */
static void install_helper(const struct world *w)
{
	install(w->helper, "." WORLD_HELPER);
	if (!is_dynamic(w->helper))
		return;
	run_script("mkdir usr; link usr/lib lib; link usr/lib64 lib64");
	need(mount("/usr", "usr", NULL, MS_BIND, NULL), "usr");
}

static void host_main(const struct world *w, const char *dir, int ready)
{
	char put[256];

	new_root(dir);
	need(chdir(dir), dir);
	run_script("mkdir opt/cni/bin");
	install(w->plugin, "." WORLD_PLUGIN);
	install_helper(w);
	enter_root(dir);
	run_script(host_script);
	snprintf(put, sizeof(put), "put " WORLD_ACCOUNT "/..1/token %s",
		 w->token);
	run_script(put);
	if (!w->o.no_run_mount)
		run_script("tmpfs /run");
	run_script(w->o.var_run ? w->o.var_run : "link /run /var/run");
	run_script("make rshared /");
	seal_root(w);
	keep(w, ready);
}

int tree_copy(const char *path, unsigned int flags)
{
	int fd = syscall(SYS_open_tree, AT_FDCWD, path,
			 OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags);

	need(fd, path);
	return fd;
}

void tree_attach(int tree, const char *to)
{
	need(syscall(SYS_move_mount, tree, "", AT_FDCWD, to,
		     MOVE_MOUNT_F_EMPTY_PATH),
	     to);
	close(tree);
}

static void container_mounts(const struct world *w, int root, int account,
			     int state)
{
	unsigned long ro = MS_REMOUNT | MS_BIND | MS_RDONLY;

	tree_attach(root, "hostroot");
	if (!w->o.bidirectional)
		run_script("make rslave hostroot");
	tree_attach(account, "run/secrets/kubernetes.io/serviceaccount");
	run_script("make private run/secrets/kubernetes.io/serviceaccount");
	need(mount(NULL, "run/secrets/kubernetes.io/serviceaccount", NULL, ro,
		   NULL),
	     "read-only account");
	tree_attach(state, "run/multus-delegate-exec");
	run_script("make private run/multus-delegate-exec; proc proc");
}

static void daemon_main(const struct world *w, const char *dir, int ready)
{
	int self = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	int root, account, state;

	need(setns(w->host_ns, CLONE_NEWNS), "host's namespace");
	root = tree_copy("/", AT_RECURSIVE);
	account = tree_copy(WORLD_ACCOUNT, 0);
	state = tree_copy(STATE, 0);
	need(setns(self, CLONE_NEWNS), "own namespace");
	new_root(dir);
	need(chdir(dir), dir);
	run_script(container_script);
	container_mounts(w, root, account, state);
	install_helper(w);
	enter_root(dir);
	seal_root(w);
	keep(w, ready);
}

typedef void keeper_fn(const struct world *w, const char *dir, int ready);

/* Twice, so that a keeper is no child that a test would count. */
static void keeper_fork(const struct world *w, keeper_fn *body,
			const char *dir, const int *ready)
{
	pid_t pid = fork();

	assert_return_code(pid, errno);
	if (!pid) {
		if (fork())
			_exit(0);
		close(w->life[1]);
		close(ready[0]);
		body(w, dir, ready[1]);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* Starts a keeper; returns its namespace. */
static int keeper(struct world *w, pid_t *ret, keeper_fn *body)
{
	char dir[] = "/tmp/delegate-test.XXXXXX", path[64];
	int p[2], ns;

	assert_non_null(mkdtemp(dir));
	assert_return_code(pipe2(p, O_CLOEXEC), errno);
	keeper_fork(w, body, dir, p);
	close(p[1]);
	if (read(p[0], ret, sizeof(*ret)) != sizeof(*ret))
		fail_msg("the world cannot be built");
	close(p[0]);
	assert_return_code(rmdir(dir), errno);
	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", *ret);
	ns = open(path, O_RDONLY | O_CLOEXEC);
	assert_return_code(ns, errno);
	return ns;
}

static int open_fifo(const struct world *w, const char *path)
{
	char full[128];
	int fd;

	snprintf(full, sizeof(full), "/proc/%d/root%s", w->host, path);
	fd = open(full, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	assert_return_code(fd, errno);
	return fd;
}

/* No two worlds have the same, and no test can guess it. */
static void make_token(char *ret, size_t size)
{
	unsigned char b[16];
	int n = snprintf(ret, size, "token-");

	assert_int_equal(getrandom(b, sizeof(b), 0), sizeof(b));
	for (size_t i = 0; i < sizeof(b); i++)
		n += snprintf(ret + n, size - n, "%02x", b[i]);
}

static void first_run(struct world *w)
{
	struct call c = { .command = "DEL", .script = "print first" };
	struct job j;

	job_run(w, &c, &j);
	expect_ok(&j);
	job_free(&j);
}

/* TEST_FILTER, with * and ?, names the tests to run. */
__attribute__((constructor)) static void filter_tests(void)
{
	if (getenv("TEST_FILTER"))
		cmocka_set_test_filter(getenv("TEST_FILTER"));
}

int world_setup(void **state)
{
	const struct world_options *o = *state;
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	if (o)
		w->o = *o;
	assert_return_code(pipe2(w->life, O_CLOEXEC), errno);
	assert_return_code(prctl(PR_SET_CHILD_SUBREAPER, 0), errno);
	make_token(w->token, sizeof(w->token));
	w->plugin = open_program(NULL, "delegate");
	w->helper = open_helper(w);
	w->host_ns = keeper(w, &w->host, host_main);
	w->daemon_ns = keeper(w, &w->daemon, daemon_main);
	close(w->plugin);
	close(w->helper);
	/* What a run leaves behind becomes our child and is counted. */
	assert_return_code(prctl(PR_SET_CHILD_SUBREAPER, 1), errno);
	w->ready = open_fifo(w, OPS_READY);
	w->go = open_fifo(w, OPS_GO);
	w->last = open_fifo(w, OPS_LAST);
	*state = w;
	if (!w->o.fresh)
		first_run(w);
	world_rebase(w);
	return 0;
}

void world_rebase(struct world *w)
{
	mounts_free(&w->host_before);
	mounts_free(&w->daemon_before);
	mounts_take(w->host, &w->host_before);
	mounts_take(w->daemon, &w->daemon_before);
}

static void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

int world_teardown(void **state)
{
	struct world *w = *state;
	pid_t left[64];
	size_t n;

	/* A failed test may leave some, and they theirs. */
	while ((n = children(left, 64)))
		while (n)
			end_child(left[--n]);
	close(w->life[0]);
	close(w->life[1]);
	close(w->host_ns);
	close(w->daemon_ns);
	close(w->ready);
	close(w->go);
	close(w->last);
	mounts_free(&w->host_before);
	mounts_free(&w->daemon_before);
	free(w);
	return 0;
}

void world_check_mounts(struct world *w)
{
	mounts_expect("host", &w->host_before, w->host);
	mounts_expect("daemon", &w->daemon_before, w->daemon);
}

/* The lock, and the last good configuration: nothing else, so no token. */
static bool is_state(char *paths)
{
	char *save = NULL;

	for (char *p = strtok_r(paths, "\n", &save); p;
	     p = strtok_r(NULL, "\n", &save))
		if (strcmp(p, DC_STATE_DIR "/" DC_LOCK_NAME) != 0 &&
		    strcmp(p, DC_STATE_DIR "/" DC_LAST_GOOD_NAME) != 0)
			return false;
	return true;
}

void world_check_files(struct world *w)
{
	char out[4096];

	assert_int_equal(ns_script(w->host_ns, "tree /run", out, sizeof(out)),
			 0);
	if (strcmp(out, "") != 0 &&
	    strcmp(out, "/run/secrets/\n" WORLD_TARGET "/\n") != 0)
		fail_msg("left under /run: %s", out);
	assert_int_equal(ns_script(w->daemon_ns,
				   "tree /run/multus-delegate-exec", out,
				   sizeof(out)),
			 0);
	if (!is_state(out))
		fail_msg("left in the state directory: %s", out);
}

void world_check_processes(void)
{
	if (!children_gone())
		fail_msg("a process is left over");
}

void world_check(struct world *w)
{
	world_check_processes();
	world_check_mounts(w);
	world_check_files(w);
}
