/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOUNTINFO_H
#define MOUNTINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reads one line of /proc/PID/mountinfo (proc(5)), only as far as the
 * question goes: which mount, and is it shared. For kernels before 6.8, which
 * lack statmount(2). len is without the newline. Returns false for a line
 * that proc(5) does not allow.
 */
struct mountinfo_line {
	uint64_t id;
	bool shared;
	bool slave;
};

bool mountinfo_parse_line(const char *line, size_t len,
			  struct mountinfo_line *ret);

#endif
