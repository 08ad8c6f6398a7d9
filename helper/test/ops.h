/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPS_H
#define OPS_H

/*
 * A tiny script language of file, mount and process operations. The test
 * delegate runs it in its chroot, and the harness runs it in the simulated
 * host and daemon, so that a test reads as what each of them does:
 *
 *	"cat /var/run/x; ready; wait; try umount /var/run/x; exit 3"
 *
 * Statements end with ';', words with a blank; there is no quoting. A failing
 * statement ends the script. "try STATEMENT" prints "OP ok" or "OP ERRNO" and
 * goes on. "fork" runs the statements up to "done" in a child, "daemon" the
 * same in a session of its own; the parent goes on behind "done".
 */

struct op {
	const char *name;
	int words; /* behind the name */
	/* Returns 0, or -1 with errno; word[0] is the first argument. */
	int (*run)(char *const *word);
};

/* The operations by theme, each table ended by a NULL name. */
extern const struct op ops_file[];
extern const struct op ops_mount[];
extern const struct op ops_proc[];
extern const struct op ops_client[];

/* Runs a script. Returns 0, or 1 with a line in stderr and why[] filled. */
int ops_run(const char *script, char why[256]);

/* Where the two sides meet: FIFOs in the simulated host's root. */
#define OPS_SYNC_DIR "/sync"
#define OPS_READY OPS_SYNC_DIR "/ready"
#define OPS_GO OPS_SYNC_DIR "/go"
#define OPS_LAST OPS_SYNC_DIR "/last"

/* Reads descriptor 0 to its end into memory that lives on; for the delegate. */
int ops_stdin(const char **ret_buf, unsigned long *ret_len);

/* argv as the program got it. */
extern char **ops_argv;

#endif
