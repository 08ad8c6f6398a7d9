/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CNI delegate that does nothing, for measurements. It waits while somebody
 * else has the lock: so many of it can be kept running at the same time.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>

#define LOCK "/run/delegate-credentials-minimal.lock"

int main(void)
{
	int fd = open(LOCK, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || flock(fd, LOCK_SH)) {
		puts("{\"code\":100,\"msg\":\"" LOCK " cannot be locked\"}");
		return 1;
	}
	puts("{\"cniVersion\":\"1.0.0\"}");
	return 0;
}
