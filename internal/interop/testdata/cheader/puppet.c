/*
 * A program whose threads do what standard input says, a line each: `0 VERB ARG`
 * is for main, `1 ...` for the first thread that was spawned, and so on. Each
 * line is answered by one on standard output: 0, or the number of an error.
 * functions.h has the table of what the header under test declares.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "functions.h"

extern const struct function other_functions[]; /* the same header in another file */

static int pipes[16][2];
static int spawned;

static void obey(char *line);

static void answer(long r)
{
	char text[32];
	int n = snprintf(text, sizeof text, "%ld\n", r);

	if (write(1, text, (size_t)n) != n)
		_exit(1);
}

/* line reads up to a newline, byte by byte. */
static int line(int fd, char *to, size_t size)
{
	size_t n = 0;

	while (n + 1 < size && read(fd, to + n, 1) == 1)
		if (to[n++] == '\n') {
			to[n - 1] = 0;
			return 1;
		}
	return 0;
}

static void *thread(void *arg)
{
	char text[256];

	answer(0); /* to spawn: all that a start takes has been done */
	while (line(*(int *)arg, text, sizeof text))
		obey(text);
	return NULL;
}

static void spawn(void)
{
	pthread_t t;
	int r = pipe(pipes[++spawned]) == 0 ? pthread_create(&t, NULL, thread, &pipes[spawned][0]) : errno;

	if (r != 0)
		answer(r);
}

static long result(long r) { return r < 0 ? errno : 0; }

static long enter(const struct function *f, const char *name)
{
	int r;

	for (; f->name; f++)
		if (strcmp(f->name, name) == 0) {
			errno = 12345;
			r = f->function();
			return errno == 12345 ? -r : 54321;
		}
	return 99999;
}

static long bind_port(int port)
{
	struct sockaddr_in a;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	long r;

	if (fd < 0)
		return errno;
	memset(&a, 0, sizeof a);
	a.sin_family = AF_INET;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	a.sin_port = htons((unsigned short)port);
	r = result(bind(fd, (struct sockaddr *)&a, sizeof a));
	close(fd);
	return r;
}

static long core_limit(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_CORE, &limit);
	return (long)limit.rlim_max;
}

static long try_open(const char *path, int flags)
{
	int fd = open(path, flags, 0600);
	long r = result(fd);

	if (fd >= 0)
		close(fd);
	return r;
}

/* try makes one call that a policy may deny. */
static long attempt(const char *what)
{
	char *arg = strchr((char *)what, ' ');
	void *page;

	if (arg)
		*arg++ = 0;
	if (strcmp(what, "read") == 0)
		return try_open(arg, O_RDONLY);
	if (strcmp(what, "write") == 0)
		return try_open(arg, O_WRONLY | O_CREAT);
	if (strcmp(what, "bind") == 0)
		return bind_port(atoi(arg));
	if (strcmp(what, "isopen") == 0)
		return result(fcntl(atoi(arg), F_GETFD));
	if (strcmp(what, "core") == 0)
		return core_limit();
	if (strcmp(what, "block-signals") == 0) {
		sigset_t all;

		sigfillset(&all);
		return pthread_sigmask(SIG_BLOCK, &all, NULL);
	}
	if (strcmp(what, "getppid") == 0)
		return result(syscall(SYS_getppid));
	if (strcmp(what, "getuid") == 0)
		return result(syscall(SYS_getuid));
	if (strcmp(what, "unshare") == 0)
		return result(syscall(SYS_unshare, 0x10000));
	if (strcmp(what, "filter") == 0) /* a filter of its own that allows everything */
	{
		struct sock_filter all[] = { { 6, 0, 0, 0x7fff0000 } };
		struct sock_fprog program = { 1, all };
		return result(syscall(SYS_seccomp, 1, 0, &program));
	}
	if (strcmp(what, "code") == 0) {
		page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		return result(mprotect(page, 4096, PROT_READ | PROT_EXEC));
	}
#ifdef __x86_64__
	if (strcmp(what, "int80") == 0) { /* i386's getpid */
		long r;
		__asm__ volatile("int $0x80" : "=a"(r) : "a"(20) : "r8", "r9", "r10", "r11", "memory");
		return r < 0 ? -r : 0;
	}
	if (strcmp(what, "x32") == 0)
		return result(syscall(0x40000000 + SYS_getppid));
#endif
	return 99999;
}

static void obey(char *text)
{
	char *arg = strchr(text, ' ');

	if (arg)
		*arg++ = 0;
	if (strcmp(text, "spawn") == 0)
		spawn();
	else if (strcmp(text, "enter") == 0)
		answer(enter(functions, arg));
	else if (strcmp(text, "enter-elsewhere") == 0)
		answer(enter(other_functions, arg));
	else if (strcmp(text, "try") == 0)
		answer(attempt(arg));
	else if (strcmp(text, "end") == 0)
		syscall(SYS_exit, 0);
	else
		answer(99999);
}

int main(void)
{
	char text[256];

	while (line(0, text, sizeof text)) {
		char *rest = strchr(text, ' ');
		int to = atoi(text);

		if (!rest || to < 0 || to > spawned)
			return 1;
		rest++;
		if (to == 0) {
			obey(rest);
			continue;
		}
		strcat(rest, "\n");
		if (write(pipes[to][1], rest, strlen(rest)) < 0)
			return 1;
	}
	return 0;
}
