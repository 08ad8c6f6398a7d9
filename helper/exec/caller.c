/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "delegate-credentials.h"
#include "caller.h"

int caller_attach(void)
{
	int flags;

	if (fcntl(DC_REPORT_FD, F_SETFD, FD_CLOEXEC) < 0)
		return -1;
	flags = fcntl(DC_REPORT_FD, F_GETFL);
	/* Where nothing can be written, poll(2) would never wait. */
	if (flags < 0 || (flags & O_PATH) || (flags & O_ACCMODE) == O_RDONLY)
		return -1;
	return DC_REPORT_FD;
}

bool caller_has_left(short revents)
{
	return revents & (POLLERR | POLLHUP);
}

bool caller_is_gone(int fd)
{
	struct pollfd p = { .fd = fd };

	/* Of -1 it says nothing, and neither does it if it fails. */
	poll(&p, 1, 0);
	return caller_has_left(p.revents);
}

int caller_missing(struct err *e)
{
	return err_set(e, DC_CODE_INTERNAL,
		       "start the request again: its caller is gone");
}

void caller_report(int fd, const struct report *r)
{
	char line[DC_REPORT_MAX];
	size_t len;

	if (fd < 0)
		return;
	len = report_format(r, line, sizeof(line));
	/* At most PIPE_BUF bytes: one write, whole or not at all. */
	(void)!write(fd, line, len);
}
