/*
 * server MODE: a program with a thread that works, phase by phase. Each thread
 * asks before main's first epoll_wait and after it, by getppid, what is denied.
 *
 *	ask       says so, and ends
 *	attack    the worker makes a call that no phase has
 *	serve     answers lines on standard input with what each thread is denied
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_barrier_t gate;
static int before, after, attacks;

static int denied(void) { return syscall(SYS_getppid) < 0 ? errno : 0; }

static void __attribute__((noinline)) attack(void) { socket(AF_INET, SOCK_DGRAM, 0); }

static void *worker(void *unused)
{
	prctl(PR_SET_NAME, "worker");
	before = denied();
	pthread_barrier_wait(&gate); /* named */
	for (;;) {
		pthread_barrier_wait(&gate); /* asked */
		if (attacks) attack();
		after = denied();
		pthread_barrier_wait(&gate); /* answered */
	}
	return unused;
}

static void ask(int main_before)
{
	pthread_barrier_wait(&gate);
	pthread_barrier_wait(&gate);
	printf("main %d then %d, worker %d then %d\n", main_before, denied(), before, after);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct epoll_event event, in = {.events = EPOLLIN};
	pthread_t t;
	char c;
	int ep = epoll_create1(0), first = denied();
	const char *mode = argc > 1 ? argv[1] : "ask";

	pthread_barrier_init(&gate, 0, 2);
	pthread_create(&t, 0, worker, 0);
	pthread_barrier_wait(&gate);
	attacks = !strcmp(mode, "attack");
	if (!strcmp(mode, "serve")) {
		epoll_ctl(ep, EPOLL_CTL_ADD, 0, &in);
		printf("pid %d\n", getpid());
		fflush(stdout);
		while (epoll_wait(ep, &event, 1, -1) == 1) {
			if (read(0, &c, 1) != 1) return 0;
			ask(first);
		}
		return 1; /* epoll_wait has been interrupted, and we see it */
	}
	if (epoll_wait(ep, &event, 1, argc > 2 ? 1000 : 50) || epoll_wait(ep, &event, 1, 50)) return 1;
	ask(first);
	return 0;
}
