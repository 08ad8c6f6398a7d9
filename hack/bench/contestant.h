/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTESTANT_H
#define CONTESTANT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The ways to run a delegate in /hostroot that are compared. */
struct contestant {
	const char *name;
	bool has_credential; /* the delegate finds a service account */
	bool reads_table;    /* of mounts, for each mount that it makes */
	void (*become)(void); /* in the child; does not return */
};

extern const struct contestant contestants[];
extern const int contestant_count;

/*
 * Starts one with what the daemon gives a delegate: its netconf on standard
 * input, CNI_* and script for DELEGATE_DO in the environment, out as standard
 * output, report as descriptor 3. Returns its pid.
 */
pid_t contestant_start(const struct contestant *c, int out, int report);
/* The same, stopped at its exec for a tracer: this process. */
pid_t contestant_trace(const struct contestant *c, int out, int report);

/* What the tests' delegate does; kept until the next call. */
void contestant_script(const char *script);

/* What is run from now on, in the delegate's root. */
struct plugin {
	const char *path;
	const char *types; /* the helper's --types= */
	const char *netconf;
};

extern const struct plugin plugin_minimal; /* the tests' delegate, in C */
extern const struct plugin plugin_go; /* a CNI reference plugin, as they are */
void contestant_plugin(const struct plugin *p);

/* Where the container has wrapper.c. */
#define CONTESTANT_WRAPPER "/wrapper"

/* The copy of the mount namespace that "kept" enters. */
void contestant_keep(int ns);

#endif
