/* becomes PROGRAM: two threads sleep, and the first becomes the program when it is told to. */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static void *sleeper(void *unused) { for (;;) pause(); return unused; }

int main(int argc, char **argv) {
	pthread_t t;
	for (int i = 0; i < 2; i++) pthread_create(&t, 0, sleeper, 0);
	printf("ready\n");
	fflush(stdout);
	getchar();
	execl(argv[1], argv[1], (char *)0);
	return argc;
}
