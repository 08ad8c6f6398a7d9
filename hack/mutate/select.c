/* SPDX-License-Identifier: Apache-2.0 */
/*
 * select set NUMBER MEMORY PROGRAM...: writes a selection into programs.
 * select take MEMORY COUNT: prints the checks that were noted, and forgets them.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include "selection.h"

static void set(const char *program, int number, int memory)
{
	int fd = open(program, O_RDWR | O_CLOEXEC);
	struct selection *s;
	struct stat st;
	char *map;

	if (fd < 0 || fstat(fd, &st) < 0)
		err(1, "%s", program);
	map = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED,
		   fd, 0);
	if (map == MAP_FAILED)
		err(1, "%s", program);
	s = memmem(map, (size_t)st.st_size, SELECTION_MARK,
		   sizeof(SELECTION_MARK));
	if (!s)
		errx(1, "%s: not instrumented", program);
	s->number = number;
	s->memory = memory;
	munmap(map, (size_t)st.st_size);
	close(fd);
}

static void take(int memory, int count)
{
	char *noted = shmat(memory, NULL, 0);

	if (noted == (void *)-1)
		err(1, "shmat");
	for (int i = 1; i <= count; i++)
		if (noted[i])
			printf("%d\n", i);
	memset(noted, 0, (size_t)count + 1);
}

int main(int argc, char **argv)
{
	if (argc > 4 && strcmp(argv[1], "set") == 0) {
		for (int i = 4; i < argc; i++)
			set(argv[i], (int)strtol(argv[2], NULL, 10), (int)strtol(argv[3], NULL, 10));
		return 0;
	}
	if (argc != 4 || strcmp(argv[1], "take") != 0)
		errx(2, "usage: select set NUMBER MEMORY PROGRAM... | "
			"select take MEMORY COUNT");
	take((int)strtol(argv[2], NULL, 10), (int)strtol(argv[3], NULL, 10));
	return 0;
}
