/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "delegate-credentials.h"
#include "caller.h"

int caller_attach(void)
{
	if (fcntl(DC_REPORT_FD, F_SETFD, FD_CLOEXEC) < 0)
		return -1;
	return DC_REPORT_FD;
}

bool caller_is_gone(int fd)
{
	struct pollfd p = { .fd = fd };

	return fd >= 0 && poll(&p, 1, 0) > 0 && (p.revents & POLLERR);
}

void caller_report(int fd, const struct report *r)
{
	char line[DC_REPORT_MAX];
	size_t len;

	if (fd < 0)
		return;
	len = report_format(r, line, sizeof(line));
	/* At most PIPE_BUF bytes: one write, whole or not at all. */
	if (write(fd, line, len) < 0)
		return;
}
