/*
 * Enters two phases with Landlock domains while threads come and go. Each
 * thread that is born after a phase began tries what that phase denies; so do
 * those that live all along. Prints what should not have worked.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "functions.h"

static int phase;   /* how many are entered */
static int stop;
static int wrong, born;

static void try_all(void)
{
	static const char *const denied[] = { "/usr/bin/env", "/etc/group" };
	int entered = __atomic_load_n(&phase, __ATOMIC_SEQ_CST), i, fd;

	for (i = 0; i < entered; i++) {
		fd = open(denied[i], O_RDONLY);
		if (fd >= 0) {
			__atomic_add_fetch(&wrong, 1, __ATOMIC_SEQ_CST);
			close(fd);
		}
	}
}

static void *child(void *unused)
{
	try_all();
	__atomic_add_fetch(&born, 1, __ATOMIC_SEQ_CST);
	return unused;
}

static void *parent(void *unused)
{
	pthread_t t;

	while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST)) {
		if (pthread_create(&t, NULL, child, NULL) == 0)
			pthread_join(t, NULL);
		try_all();
	}
	return unused;
}

/* more waits until some more threads have been born. */
static void more(int n)
{
	int until = __atomic_load_n(&born, __ATOMIC_SEQ_CST) + n;

	while (__atomic_load_n(&born, __ATOMIC_SEQ_CST) < until)
		usleep(200);
}

int main(void)
{
	pthread_t parents[4];
	int i, r = 0;

	for (i = 0; i < 4; i++)
		if (pthread_create(&parents[i], NULL, parent, NULL) != 0)
			return 2;
	more(20);
	for (i = 0; functions[i].name && r == 0; i++) {
		r = functions[i].function();
		__atomic_store_n(&phase, i + 1, __ATOMIC_SEQ_CST);
		more(50);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
	for (i = 0; i < 4; i++)
		pthread_join(parents[i], NULL);
	printf("%d phases, result %d, %d wrong\n", phase, r, wrong);
	return 0;
}
