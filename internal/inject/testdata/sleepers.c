/*
 * sleepers: a thread in each kind of call that sleeps. When all are asleep it
 * waits for a line on standard input, by which it wakes those that have no
 * timeout. Each thread prints: name, result, errno, milliseconds, and whether
 * getppid is denied to it with EACCES. What it is told to wait is MS.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int MS;
static pthread_mutex_t printing = PTHREAD_MUTEX_INITIALIZER;
static struct timespec span(void) { return (struct timespec){MS / 1000, MS % 1000 * 1000000L}; }
static double now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static void report(const char *name, long result, int error, double since) {
	double took = now() - since;
	int denied = syscall(SYS_getppid) < 0 && errno == EACCES;
	pthread_mutex_lock(&printing);
	printf("%s %ld %d %.1f %d\n", name, result, result < 0 ? error : 0, took, denied);
	fflush(stdout);
	pthread_mutex_unlock(&printing);
}

static int word, timed, pipes[2], pair[2], slow[2], listener, event, watched, sem, semtimed, child;
static sigset_t awaited, blocked;

#define SLEEPER(name, expr) \
	static void *name(void *unused) { \
		(void)unused; \
		prctl(PR_SET_NAME, #name); \
		double since = now(); \
		errno = 0; \
		long result = (expr); \
		report(#name, result, errno, since); \
		return 0; \
	}

SLEEPER(nanosleep_, ({ struct timespec t = span(); syscall(SYS_nanosleep, &t, 0); }))
SLEEPER(clocksleep, ({ struct timespec t = span(); clock_nanosleep(CLOCK_MONOTONIC, 0, &t, 0); }))
SLEEPER(clockabs, ({
	struct timespec t, s = span();
	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += s.tv_sec;
	t.tv_nsec += s.tv_nsec;
	if (t.tv_nsec >= 1000000000L) { t.tv_nsec -= 1000000000L; t.tv_sec++; }
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, 0);
}))
SLEEPER(poll_, poll(0, 0, MS))
SLEEPER(ppoll_, ({ struct timespec t = span(); ppoll(0, 0, &t, &blocked); }))
SLEEPER(select_, ({ struct timeval t = {MS / 1000, MS % 1000 * 1000}; select(0, 0, 0, 0, &t); }))
SLEEPER(pselect_, ({ struct timespec t = span(); pselect(0, 0, 0, 0, &t, &blocked); }))
SLEEPER(epolltimed, ({ struct epoll_event e; epoll_wait(epoll_create1(0), &e, 1, MS); }))
SLEEPER(epollfree, ({ struct epoll_event e; epoll_wait(watched, &e, 1, -1); }))
SLEEPER(epollmask, ({ struct epoll_event e; sigset_t s; sigfillset(&s); epoll_pwait(epoll_create1(0), &e, 1, MS, &s); }))
SLEEPER(futextimed, ({ struct timespec t = span(); syscall(SYS_futex, &timed, FUTEX_WAIT, 0, &t, 0, 0); }))
SLEEPER(futexfree, syscall(SYS_futex, &word, FUTEX_WAIT, 0, 0, 0, 0))
SLEEPER(readpipe, ({ char b; read(pipes[0], &b, 1); }))
SLEEPER(recv_, ({ char b; recv(pair[0], &b, 1, 0); }))
SLEEPER(recvtimed, ({ char b; recv(slow[0], &b, 1, 0); }))
SLEEPER(accept_, accept(listener, 0, 0) >= 0 ? 0 : -1)
SLEEPER(eventread, ({ uint64_t v; read(event, &v, 8); }))
SLEEPER(sigtimed, ({ struct timespec t = span(); sigset_t s; sigemptyset(&s); sigaddset(&s, SIGUSR2); sigtimedwait(&s, 0, &t); }))
SLEEPER(sigwait_, ({ int got = sigwaitinfo(&awaited, 0); got == SIGRTMIN ? 0 : -1; }))
SLEEPER(semop_, ({ struct sembuf b = {0, -1, 0}; semop(sem, &b, 1); }))
SLEEPER(semtimed_, ({ struct timespec t = span(); struct sembuf b = {0, -1, 0}; semtimedop(semtimed, &b, 1, &t); }))
SLEEPER(aio, ({ aio_context_t c = 0; syscall(SYS_io_setup, 1, &c); struct timespec t = span(); struct io_event e; syscall(SYS_io_getevents, c, 1, 1, &e, &t); }))
SLEEPER(timerread, ({
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);
	struct itimerspec t = {{0, 0}, span()};
	timerfd_settime(fd, 0, &t, 0);
	uint64_t v;
	read(fd, &v, 8);
}))
SLEEPER(wait_, ({ int status; wait4(child, &status, 0, 0) == child ? 0 : -1; }))
SLEEPER(spin, ({ double end = now() + MS; long ok = 0; while (now() < end) ok |= syscall(SYS_gettid) <= 0; ok; }))

/* rarely: a thread that pauses, and one that waits in its handler. */
static void handler(int sig) { (void)sig; }
static void slowhandler(int sig) {
	(void)sig;
	double end = now() + MS;
	while (now() < end) { }
}
static pthread_t pausing;
SLEEPER(pause_, ({ pause(); errno == EINTR ? 0 : -1; }))
SLEEPER(inhandler, ({ raise(SIGALRM); 0; }))

static void *(*all[])(void *) = {
	nanosleep_, clocksleep, clockabs, poll_, ppoll_, select_, pselect_, epolltimed, epollfree, epollmask, futextimed,
	futexfree, readpipe, recv_, recvtimed, accept_, eventread, sigtimed, sigwait_, semop_, semtimed_, aio, timerread,
	wait_, spin, pause_, inhandler};
enum { N = sizeof all / sizeof *all };

int main(int argc, char **argv) {
	pthread_t threads[N];
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof any;
	struct timeval tv;

	MS = argc > 1 ? atoi(argv[1]) : 1000;
	tv = (struct timeval){MS / 1000, MS % 1000 * 1000};
	signal(SIGUSR1, handler);
	signal(SIGALRM, slowhandler);
	sigemptyset(&awaited);
	sigaddset(&awaited, SIGRTMIN);
	/* The child's end is to take nobody out of a call: while pthread_kill has
	   all signals of main blocked, even an ignored SIGCHLD goes to another thread. */
	blocked = awaited;
	sigaddset(&blocked, SIGCHLD);
	sigprocmask(SIG_BLOCK, &blocked, 0);
	pipe(pipes);
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	socketpair(AF_UNIX, SOCK_STREAM, 0, slow);
	setsockopt(slow[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	bind(listener, (struct sockaddr *)&any, size);
	listen(listener, 1);
	getsockname(listener, (struct sockaddr *)&any, &size);
	event = eventfd(0, 0);
	watched = epoll_create1(0);
	struct epoll_event in = {.events = EPOLLIN};
	int wake = eventfd(0, 0);
	epoll_ctl(watched, EPOLL_CTL_ADD, wake, &in);
	sem = semget(IPC_PRIVATE, 1, 0600);
	semtimed = semget(IPC_PRIVATE, 1, 0600);
	if ((child = fork()) == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;) pause();
	}
	for (int i = 0; i < N; i++) {
		pthread_create(threads + i, 0, all[i], 0);
		if (all[i] == pause_) pausing = threads[i];
	}
	printf("started %d\n", N);
	fflush(stdout);
	char line[16];
	double since = now();
	long got = read(0, line, sizeof line);
	report("main", got > 0 ? 0 : -1, errno, since);
	uint64_t one = 1;
	write(wake, &one, 8);
	write(event, &one, 8);
	write(pipes[1], "x", 1);
	write(pair[1], "x", 1);
	/* The word keeps its value: a restarted wait looks at it again. */
	while (syscall(SYS_futex, &word, FUTEX_WAKE, 1, 0, 0, 0) == 0) sched_yield();
	struct sembuf up = {0, 1, 0};
	semop(sem, &up, 1);
	kill(getpid(), SIGRTMIN);
	kill(child, SIGKILL);
	pthread_kill(pausing, SIGUSR1);
	int client = socket(AF_INET, SOCK_STREAM, 0);
	connect(client, (struct sockaddr *)&any, sizeof any);
	for (int i = 0; i < N; i++) pthread_join(threads[i], 0);
	semctl(sem, 0, IPC_RMID);
	semctl(semtimed, 0, IPC_RMID);
	puts("done");
	return 0;
}
