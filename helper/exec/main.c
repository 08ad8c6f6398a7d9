/* SPDX-License-Identifier: Apache-2.0 */
/*
 * multus-delegate-exec: runs one CNI delegate with a credential that only it
 * sees. No network code, no threads; see multus-delegate-exec(8).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common/report.h"
#include "caller.h"
#include "confine.h"
#include "delegate.h"
#include "request.h"
#include "signals.h"

/* So that no descriptor of ours is taken for the delegate's output. */
static int fill_standard_descriptors(struct err *e)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    open("/dev/null", O_RDWR) != fd)
			return err_sys(e, DC_CODE_INTERNAL, errno,
				       "mount /dev in the caller's container, "
				       "or open descriptors 0 to 2: /dev/null "
				       "cannot be opened");
	return 0;
}

static int print_information(const struct options *o)
{
	char text[2048] = "multus-delegate-exec " VERSION "\n";

	if (o->help)
		options_usage(text, sizeof(text));
	return fputs(text, stdout) < 0 || fflush(stdout) ? 1 : 0;
}

static int fail(const struct request *q, int caller, struct report *r,
		const struct err *e)
{
	char text[2048];
	size_t len =
		cni_error_format(q->netconf.cni_version, e, text, sizeof(text));

	r->error = e;
	caller_report(caller, r);
	return write(STDOUT_FILENO, text, len) == (ssize_t)len ? 1 : 2;
}

static int hand_on(int wait_status, int caller, struct report *r)
{
	if (WIFSIGNALED(wait_status))
		r->signal = WTERMSIG(wait_status);
	else
		r->exit_status = WEXITSTATUS(wait_status);
	caller_report(caller, r);
	if (r->signal)
		signals_end_by(r->signal);
	return r->exit_status;
}

int main(int argc, char **argv)
{
	struct report report = { .exit_status = -1 };
	struct err err = ERR_INIT;
	struct request request = { 0 };
	struct signals signals = { .fd = -1 };
	int caller = caller_attach();
	int wait_status;

	confine_memory();
	if (signals_spare_writes(&signals, &err) < 0 ||
	    fill_standard_descriptors(&err) < 0 ||
	    request_read(argc, argv, caller, &signals, &request, &report, &err) < 0)
		return fail(&request, caller, &report, &err);
	if (request.options.help || request.options.version)
		return print_information(&request.options);
	if (delegate_run(&request, &signals, caller, &wait_status, &report,
			 &err) < 0)
		return fail(&request, caller, &report, &err);
	return hand_on(wait_status, caller, &report);
}
