/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "delegate-credentials.h"
#include "caller.h"
#include "fd.h"
#include "input.h"

/* Linux 6.3; headers of 2022 do not have it. */
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static int failed(struct err *e, const char *call)
{
	if (errno == ENOMEM || errno == ENOSPC)
		return err_sys(e, DC_CODE_INTERNAL, errno,
			       "give the caller's container more memory: %s "
			       "failed",
			       call);
	return err_call(e, errno, call);
}

/* A host may forbid memfds that can be executed; an old one knows no other. */
static int make_memfd(void)
{
	unsigned int flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd = memfd_create("netconf", flags | MFD_NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("netconf", flags);
	return fd;
}

/* 1: there is something to read, or the end; 0: SIGTERM came first. */
static int wait_for(int fd, int caller, struct signals *s, struct err *e)
{
	struct pollfd fds[] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = s->fd, .events = POLLIN },
		{ .fd = caller },
	};

	while (poll(fds, 3, -1) > 0 || errno == EINTR) {
		if (fds[1].revents && signals_terminated(s))
			return 0;
		if (caller_has_left(fds[2].revents))
			return caller_missing(e);
		if (fds[0].revents)
			return 1;
	}
	return err_call(e, errno, "poll");
}

/* A directory, say, or a socket without a peer. */
static int unreadable(struct err *e)
{
	return err_sys(e, DC_CODE_INTERNAL, errno,
		       "give the network configuration on standard input: it "
		       "cannot be read");
}

static int copy_all(int from, int to, int caller, struct signals *s,
		    size_t *ret_len, struct err *e)
{
	char buf[4096]; /* a larger one costs pages in every run */
	ssize_t n;
	int ready;

	*ret_len = 0;
	/* What is open for writing alone is never ready. */
	if ((fcntl(from, F_GETFL) & O_ACCMODE) == O_WRONLY) {
		errno = EBADF;
		return unreadable(e);
	}
	while ((ready = wait_for(from, caller, s, e)) > 0) {
		n = read(from, buf, sizeof(buf));
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			return unreadable(e);
		if (n == 0)
			return 0;
		if (fd_write_all(to, buf, (size_t)n) < 0)
			return failed(e, "write");
		*ret_len += (size_t)n;
	}
	return ready;
}

/* From here on nobody can change it, its reader included. */
static int seal(int memfd, struct err *e)
{
	if (lseek(memfd, 0, SEEK_SET) < 0 ||
	    fcntl(memfd, F_ADD_SEALS, SEALS) < 0)
		return failed(e, "lseek(2) and fcntl");
	return 0;
}

int input_read(int fd, int caller, struct signals *s, struct input *ret,
	       struct err *e)
{
	auto_fd memfd = make_memfd();
	void *data = NULL;

	if (memfd < 0)
		return failed(e, "memfd_create");
	if (copy_all(fd, memfd, caller, s, &ret->len, e) < 0 || seal(memfd, e) < 0)
		return -1;
	if (ret->len > 0) {
		data = mmap(NULL, ret->len, PROT_READ, MAP_PRIVATE, memfd, 0);
		if (data == MAP_FAILED)
			return failed(e, "mmap");
	}
	ret->data = data;
	ret->fd = fd_take(&memfd);
	return 0;
}

static int write_piece(void *arg, const char *data, size_t len, struct err *e)
{
	const int *memfd = arg;

	if (fd_write_all(*memfd, data, len) < 0)
		return failed(e, "write");
	return 0;
}

int input_edit(const struct input *in, const struct netconf_value *values,
	       size_t count, struct err *e)
{
	auto_fd memfd = make_memfd();
	const struct netconf_sink sink = { write_piece, &memfd };

	if (memfd < 0)
		return failed(e, "memfd_create");
	if (netconf_edit(in->data, in->len, values, count, &sink, e) < 0 ||
	    seal(memfd, e) < 0)
		return -1;
	return fd_take(&memfd);
}
