/* SPDX-License-Identifier: Apache-2.0 */
/* The process that holds a pod's namespaces. With an argument it only exits:
 * so the same image serves to find out what an engine can run. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void on_signal(int number)
{
	if (number != SIGCHLD)
		_exit(0);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return 0;
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	signal(SIGCHLD, on_signal);
	for (;;)
		pause();
}
