/*
 * victim MODE [ARG]: a program that is awkward to narrow, in one way each. It
 * prints a line when it is as it should be, and obeys lines on standard input.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/rseq.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void say(const char *what) {
	puts(what);
	fflush(stdout);
}

static void *in(void *(*f)(void *), void *arg) {
	pthread_t t;
	pthread_create(&t, 0, f, arg);
	return (void *)t;
}

static void hear(void) {
	char line[16];
	while (read(0, line, sizeof line) < 0 && errno == EINTR) { }
}

/* patience waits a little for another, unless whoever tells us what to do is gone. */
static void patience(void) {
	struct pollfd in = {0, 0, 0};
	if (poll(&in, 1, 0) == 1 && in.revents & POLLHUP) _exit(9);
	sched_yield();
}

static void *sleeper(void *arg) {
	for (;;) pause();
	return arg;
}

static volatile int stop;

/*
 * pingpong: threads that wait, each by another call that lets SIGRTMIN through
 * only while it waits, and one that always does and is seen to sleep before it
 * gets the signal. One that is lost, doubled, or does not end the call shows;
 * so does a call that returns EINTR without a signal.
 */
static __thread volatile sig_atomic_t got;
static void count(int sig) {
	(void)sig;
	got++;
}

struct player {
	int kind;
	volatile pid_t tid;
	pthread_t thread;
	volatile int ready, done, odd;
};

static void *player(void *arg) {
	struct player *p = arg;
	sigset_t open;
	struct epoll_event e;
	int ep = epoll_create1(0);
	pthread_sigmask(SIG_BLOCK, 0, &open);
	sigdelset(&open, SIGRTMIN);
	p->tid = gettid();
	if (p->kind == 3) pthread_sigmask(SIG_SETMASK, &open, 0);
	while (!stop) {
		int before = got, r;
		__sync_fetch_and_add(&p->ready, 1);
		errno = 0;
		if (p->kind == 0) r = sigsuspend(&open);
		else if (p->kind == 1) r = ppoll(0, 0, 0, &open);
		else if (p->kind == 2) r = epoll_pwait(ep, &e, 1, -1, &open);
		else r = epoll_wait(ep, &e, 1, -1);
		if (r != -1 || errno != EINTR || got != before + 1) p->odd++;
		__sync_fetch_and_add(&p->done, 1);
	}
	return 0;
}

/* becomes waits until a thread is in a state, as /proc calls it. */
static void becomes(pid_t tid, char want) {
	char path[64], text[512], *state = 0;
	snprintf(path, sizeof path, "/proc/self/task/%d/stat", tid);
	while (!state || state[2] != want) {
		int fd = open(path, O_RDONLY);
		ssize_t n = read(fd, text, sizeof text - 1);
		close(fd);
		text[n < 0 ? 0 : n] = 0;
		state = strrchr(text, ')');
		if (n > 0 && state && state[2] != want) patience();
	}
}

static int pingpong(void) {
	enum { N = 4 };
	static struct player players[N];
	sigset_t block;
	struct sigaction sa = {.sa_handler = count, .sa_flags = SA_RESTART};
	sigemptyset(&block);
	sigaddset(&block, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &block, 0);
	sigaction(SIGRTMIN, &sa, 0);
	for (int i = 0; i < N; i++) {
		players[i].kind = i;
		pthread_create(&players[i].thread, 0, player, &players[i]);
	}
	say("ready");
	fcntl(0, F_SETFL, O_NONBLOCK);
	char line;
	long rounds = 0;
	while (!stop || rounds % N) {
		struct player *p = &players[rounds++ % N];
		int turn = p->done + 1;
		while (p->ready < turn) patience();
		if (p->kind == 3) becomes(p->tid, 'S');
		pthread_kill(p->thread, SIGRTMIN);
		while (p->done < turn) patience();
		if (read(0, &line, 1) != -1) stop = 1;
	}
	int odd = 0;
	for (int i = 0; i < N; i++) odd += players[i].odd;
	printf("odd %d of %ld\n", odd, rounds);
	return 0;
}

/*
 * storm: threads that compute and sleep while queued signals arrive, some for
 * one of them and some for whoever takes them. Each is to be handled once.
 */
static volatile long handled, sent;
static void handle(int sig) {
	(void)sig;
	__sync_fetch_and_add(&handled, 1);
}

static void *target(void *arg) {
	while (!stop) {
		struct timespec t = {0, 20000};
		if (arg) nanosleep(&t, 0);
	}
	return 0;
}

static int storm(void) {
	enum { N = 4 };
	pthread_t t[N];
	struct sigaction sa = {.sa_handler = handle, .sa_flags = SA_RESTART};
	union sigval nothing = {0};
	sigaction(SIGRTMIN, &sa, 0);
	sigaction(SIGRTMIN + 1, &sa, 0);
	for (long i = 0; i < N; i++) t[i] = (pthread_t)in(target, (void *)(i % 2));
	say("ready");
	fcntl(0, F_SETFL, O_NONBLOCK);
	char line;
	for (long i = 0; read(0, &line, 1) == -1; i++) {
		int failed = i % 3 ? pthread_sigqueue(t[i % N], SIGRTMIN, nothing) : sigqueue(getpid(), SIGRTMIN + 1, nothing);
		if (!failed) sent++;
		while (sent - handled > 64) patience();
	}
	for (int i = 0; i < 2000 && handled < sent; i++) usleep(1000);
	printf("lost %ld of %ld\n", sent - handled, sent);
	fflush(stdout);
	stop = 1;
	for (int i = 0; i < N; i++) pthread_join(t[i], 0);
	return 0;
}

/* spawn: threads that start threads, which end at once. */
static void *brief(void *arg) { return arg; }
static void *spawner(void *arg) {
	pthread_attr_t detached;
	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	while (!stop) {
		pthread_t t;
		pthread_create(&t, &detached, brief, 0);
		usleep(50);
	}
	return arg;
}

static int spawn(void) {
	pthread_t t[3];
	for (int i = 0; i < 3; i++) t[i] = (pthread_t)in(spawner, 0);
	say("ready");
	hear();
	stop = 1;
	for (int i = 0; i < 3; i++) pthread_join(t[i], 0);
	say("done");
	return 0;
}

#if defined __x86_64__ && defined RSEQ_SIG
/*
 * sequences: threads that add to their processor's counter by a restartable
 * sequence with a long middle. Where a thread is interrupted and goes on in it
 * nevertheless, an addition of another is lost.
 */
static struct { volatile long n; char pad[120]; } counters[1024];
static void *adder(void *arg) {
	long *mine = arg;
	struct rseq *r = (struct rseq *)((char *)__builtin_thread_pointer() + __rseq_offset);
	while (!stop) {
		int cpu = r->cpu_id_start;
		__asm__ goto(
			".pushsection __rseq_cs, \"aw\"\n.balign 32\n"
			"3: .long 0, 0\n.quad 1f, 2f - 1f, 4f\n.popsection\n"
			"leaq 3b(%%rip), %%rax\nmovq %%rax, %[cs]\n"
			"1: cmpl %[cpu], %[id]\njne 5f\n"
			"movq %[counter], %%rax\nmovl $300, %%ecx\n6: pause\ndecl %%ecx\njnz 6b\nincq %%rax\n"
			"movq %%rax, %[counter]\n2:\n"
			"jmp 7f\n.byte 0x0f, 0xb9, 0x3d\n.long %c[sig]\n4: jmp %l[again]\n5: jmp %l[again]\n7:\n"
			: : [cs] "m"(r->rseq_cs), [cpu] "r"(cpu), [id] "m"(r->cpu_id), [counter] "m"(counters[cpu].n), [sig] "i"(RSEQ_SIG)
			: "rax", "rcx", "memory", "cc" : again);
		++*mine;
	again:;
	}
	return 0;
}

static int sequences(void) {
	enum { N = 6 };
	static long done[N][16];
	pthread_t t[N];
	for (int i = 0; i < N; i++) t[i] = (pthread_t)in(adder, done[i]);
	say("ready");
	hear();
	stop = 1;
	long want = 0, have = 0;
	for (int i = 0; i < N; i++) {
		pthread_join(t[i], 0);
		want += done[i][0];
	}
	for (int i = 0; i < 1024; i++) have += counters[i].n;
	printf("lost %ld of %ld\n", want - have, want);
	return 0;
}
#else
static int sequences(void) {
	say("none");
	return 0;
}
#endif

#if defined __aarch64__
#ifndef HWCAP2_SME
#define HWCAP2_SME (1 << 23)
#endif
/*
 * vectors KIND: threads that compute with registers which the kernel forgets at
 * each call, SVE's or those of SME's streaming mode, and never make one.
 */
#define VECTOR(name, extension, begin, end) \
	static void *name(void *arg) { \
		int *lost = arg; \
		__asm__ volatile( \
			".arch_extension " extension "\n" begin "\n" \
			"ptrue p0.b\nindex z0.b, #1, #3\n" \
			"1: ldr w9, [%[stop]]\ncbnz w9, 3f\n" \
			"ptrue p1.b\nindex z1.b, #1, #3\n" \
			"cmpne p2.b, p1/z, z0.b, z1.b\nb.ne 2f\n" \
			"cntp x9, p1, p0.b\ncntp x10, p1, p1.b\ncmp x9, x10\nb.eq 1b\n" \
			"2: mov w9, #1\nstr w9, [%[lost]]\n3: " end "\n" \
			: : [stop] "r"(&stop), [lost] "r"(lost) \
			: "x9", "x10", "v0", "v1", "memory", "cc"); \
		return 0; \
	}

VECTOR(sve, "sve", "", "")
VECTOR(streaming, "sme", "smstart sm", "smstop sm")

static int vectors(const char *kind) {
	enum { N = 2 };
	static int lost[N];
	pthread_t t[N];
	int sme = !strcmp(kind, "streaming");
	if (!(sme ? getauxval(AT_HWCAP2) & HWCAP2_SME : getauxval(AT_HWCAP) & HWCAP_SVE)) {
		say("none");
		return 0;
	}
	for (int i = 0; i < N; i++) t[i] = (pthread_t)in(sme ? streaming : sve, &lost[i]);
	say("ready");
	hear();
	stop = 1;
	for (int i = 0; i < N; i++) pthread_join(t[i], 0);
	printf("lost %d of %d\n", lost[0] + lost[1], N);
	return 0;
}
#else
static int vectors(const char *kind) {
	(void)kind;
	say("none");
	return 0;
}
#endif

/* filtered FULL: a filter that kills whoever calls prctl or seccomp; before it, as many large ones as there may be. */
static int filtered(int full) {
	struct sock_filter strict[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)};
	static struct sock_filter large[4096];
	struct sock_fprog s = {sizeof strict / sizeof *strict, strict}, l = {4096, large};
	for (int i = 0; i < 4096; i++) large[i] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0);
	large[4095] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	in(sleeper, 0);
	while (full && l.len >= 256)
		if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &l)) l.len /= 2, l.filter += l.len;
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_LOG, &s)) perror("strict");
	say("ready");
	hear();
	return syscall(SYS_getppid) < 0 && errno == EACCES ? 0 : 7;
}

/* mode1: a thread in mode 1. */
static void *strict(void *arg) {
	char c;
	prctl(PR_SET_SECCOMP, 1, 0, 0, 0);
	write(*(int *)arg, "x", 1);
	while (read(((int *)arg)[1], &c, 1) == 1) { }
	syscall(SYS_exit, 0);
	return 0;
}

static int mode1(void) {
	int up[2], down[2];
	pipe(up);
	pipe(down);
	int ends[] = {up[1], down[0]};
	char c;
	in(strict, ends);
	read(up[0], &c, 1);
	say("ready");
	hear();
	return 0;
}

/* vforked: the first thread waits for a vfork child, which waits for a line. */
static int vforked(void) {
	in(sleeper, 0);
	say("ready");
	if (vfork() == 0) {
		char c;
		read(0, &c, 1);
		_exit(0);
	}
	say("over");
	hear();
	return 0;
}

/* execs N: executes itself, N times. */
static int execs(char **argv) {
	int n = atoi(argv[2]);
	if (n == 0) {
		say("done");
		return 0;
	}
	in(sleeper, 0);
	sprintf(argv[2], "%d", n - 1);
	usleep(200);
	execv("/proc/self/exe", argv);
	return 1;
}

/* leaderless: the first thread ends, another lives. */
static void *heir(void *arg) {
	becomes(getpid(), 'Z');
	say("ready");
	hear();
	exit(syscall(SYS_getppid) < 0 && errno == EACCES ? 0 : 7);
	return arg;
}

static int leaderless(void) {
	in(heir, 0);
	pthread_exit(0);
}

/* traps: ignores SIGTRAP, blocks SIGUSR2, handles SIGUSR1, and has one of each pending. */
static int traps(void) {
	sigset_t s;
	signal(SIGTRAP, SIG_IGN);
	signal(SIGUSR1, count);
	sigemptyset(&s);
	sigaddset(&s, SIGUSR2);
	sigaddset(&s, SIGTRAP);
	sigaddset(&s, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &s, 0);
	in(sleeper, 0);
	raise(SIGUSR2);
	kill(getpid(), SIGRTMIN);
	kill(getpid(), SIGRTMIN);
	say("ready");
	hear();
	return 0;
}

/* opens: threads that open the file, and print with what error, at each line. */
static void *opener(void *arg) {
	char text[64];
	int fd = open(arg, O_RDONLY);
	snprintf(text, sizeof text, "%d", fd < 0 ? errno : 0);
	if (fd >= 0) close(fd);
	say(text);
	return 0;
}
static pthread_barrier_t gate;
static void *gated(void *arg) {
	pthread_barrier_wait(&gate);
	return opener(arg);
}
static int opens(char *file) {
	pthread_t t[2];
	pthread_barrier_init(&gate, 0, 3);
	for (int i = 0; i < 2; i++) t[i] = (pthread_t)in(gated, file);
	say("ready");
	hear();
	pthread_barrier_wait(&gate);
	for (int i = 0; i < 2; i++) pthread_join(t[i], 0);
	opener(file);
	return 0;
}

/* deep: the first thread's stack is in use to its lowest page. */
static int deep(void) {
	volatile unsigned char room[1 << 20];
	for (size_t i = 0; i < sizeof room; i++) room[i] = i * 7;
	in(sleeper, 0);
	say("ready");
	hear();
	for (size_t i = 0; i < sizeof room; i++)
		if (room[i] != (unsigned char)(i * 7)) return 7;
	return 0;
}

/* domains: a thread that is in as many Landlock domains as there may be. */
static void *deeply(void *arg) {
	unsigned long long attr = 1; /* execute */
	int ruleset = syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	while (syscall(SYS_landlock_restrict_self, ruleset, 0) == 0) { }
	say(ruleset < 0 ? "none" : "ready");
	return sleeper(arg);
}

static int domains(void) {
	in(deeply, 0);
	hear();
	return 0;
}

int main(int argc, char **argv) {
	const char *mode = argc > 1 ? argv[1] : "";
	const char *arg = argc > 2 ? argv[2] : "0";
	if (!strcmp(mode, "pingpong")) return pingpong();
	if (!strcmp(mode, "storm")) return storm();
	if (!strcmp(mode, "spawn")) return spawn();
	if (!strcmp(mode, "sequences")) return sequences();
	if (!strcmp(mode, "vectors")) return vectors(argv[2]);
	if (!strcmp(mode, "filtered")) return filtered(atoi(arg));
	if (!strcmp(mode, "mode1")) return mode1();
	if (!strcmp(mode, "vforked")) return vforked();
	if (!strcmp(mode, "execs")) return execs(argv);
	if (!strcmp(mode, "leaderless")) return leaderless();
	if (!strcmp(mode, "traps")) return traps();
	if (!strcmp(mode, "domains")) return domains();
	if (!strcmp(mode, "deep")) return deep();
	if (!strcmp(mode, "opens")) return opens(argv[2]);
	in(sleeper, 0);
	say("ready");
	hear();
	return 0;
}
