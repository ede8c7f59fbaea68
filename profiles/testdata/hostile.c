/*
 * A library that stands for hostile code inside a server: preloaded, it makes
 * one call from whichever thread a signal reaches. $HOSTILE says which.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *what = "";
static char page[8192];

static int is(const char *name) { return !strcmp(what, name); }

static void attack(int signal)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(80)};

	(void)signal;
	if (is("exec"))
		syscall(SYS_execve, "/bin/sh", NULL, NULL);
	if (is("socket"))
		syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
	if (is("connect"))
		syscall(SYS_connect, 3, &address, sizeof address);
	if (is("write"))
		syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_WRONLY);
	if (is("fork"))
		syscall(SYS_fork);
	if (is("mprotect"))
		syscall(SYS_mprotect, ((unsigned long)page + 4095) & ~4095UL, 4096, PROT_READ | PROT_EXEC);
	if (is("io_uring"))
		syscall(SYS_io_uring_setup, 1, page);
	if (is("x32"))
		syscall(0x40000000 | SYS_getpid);
	if (is("int80")) {
		long result;
		__asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory");
	}
}

__attribute__((constructor)) static void start(void)
{
	struct sigaction action = {.sa_handler = attack};
	const char *name = getenv("HOSTILE");

	if (name)
		what = name;
	sigaction(SIGWINCH, &action, NULL);
}
