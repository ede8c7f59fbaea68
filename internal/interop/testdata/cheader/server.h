/*
 * The phases of policy small-server for a C or C++ program. Made by narrow from
 * p.narrow; do not edit.
 *
 * Include it where you like, and call, in this order:
 *
 *     narrow_small_server_enter_init()
 *     narrow_small_server_enter_serving()
 *     then, each thread for itself and last of all,
 *     narrow_small_server_enter_thread()
 *     narrow_small_server_enter_thread_main()
 *     narrow_small_server_enter_thread_mc__()
 *
 * A phase holds for all threads, and there is no way back. Each call returns 0, or
 * -errno and leaves errno alone; a program that gets an error should end:
 *   -EPERM       the phases before are not entered, or a thread has entered its class
 *   -EALREADY    entered already        -EAGAIN  another thread is entering a phase
 *   -ESRCH       a thread has a filter that is not of this header; nothing was installed
 *   -EINVAL      the phase has no such thread class
 *   -ENOENT      a path of the policy is missing
 *   -EBUSY       other threads run, and /proc/self/task, where they are listed, cannot be read
 *   -ETIMEDOUT   a thread was signalled (33), and does not restrict itself
 *   Before Linux 7.0, Landlock interrupts the calls in which other threads wait (EINTR).
 *   -EOPNOTSUPP, -ENOSYS and others: the kernel lacks or refuses what the policy needs
 *
 * NOT ENFORCED, as --best-effort asked for: server.narrow:7:1: user and group are not changed by a C header; expected what a program can do to itself from C; change them in the program before the first phase, or leave it out with --best-effort
 */
#ifndef NARROW_SMALL_SERVER_H
#define NARROW_SMALL_SERVER_H

#if !defined(__linux__) || !defined(__GNUC__)
#error "this header is for Linux, and for gcc, clang or a compiler that knows their attributes"
#endif

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/filter.h>

#ifdef __cplusplus
extern "C" {
#elif !defined(__USE_MISC) && !defined(_GNU_SOURCE) && !defined(_DEFAULT_SOURCE) && !defined(_BSD_SOURCE) && \
	!defined(NARROW_SYSCALL)
#define NARROW_SYSCALL
extern long syscall(long number, ...); /* unistd.h hides it from strict C */
#endif

/* ---- Numbers and filters, by architecture. Each filter is proved to be the policy. ---- */

#if defined(__x86_64__) && !defined(__ILP32__) /* x86_64 */

enum {
	narrow_small_server_nr_prctl = 157,
	narrow_small_server_nr_seccomp = 317,
	narrow_small_server_nr_unshare = 272,
	narrow_small_server_nr_close = 3,
	narrow_small_server_nr_fcntl = 72,
	narrow_small_server_nr_futex = 202,
	narrow_small_server_nr_getdents64 = 217,
	narrow_small_server_nr_getpid = 39,
	narrow_small_server_nr_gettid = 186,
	narrow_small_server_nr_landlock_add_rule = 445,
	narrow_small_server_nr_landlock_create_ruleset = 444,
	narrow_small_server_nr_landlock_restrict_self = 446,
	narrow_small_server_nr_nanosleep = 35,
	narrow_small_server_nr_openat = 257,
	narrow_small_server_nr_rt_sigaction = 13,
	narrow_small_server_nr_sched_yield = 24,
	narrow_small_server_nr_tgkill = 234,
	narrow_small_server_nr_close_range = 436,
	narrow_small_server_nr_prlimit64 = 302,
	narrow_small_server_SIGSET = 8,
	narrow_small_server_SA_FLAGS = 2,
	narrow_small_server_O_DIRECTORY = 65536,
	narrow_small_server_RLIMIT_CORE = 4
};

/* phase init */
static const struct sock_filter narrow_small_server_filter_0_init[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x4),                        /*    0: A = arch */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xc000003e, 0, 13),         /*    1: if arch == x86_64 then 2, else 15 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x0),                        /*    2: A = nr */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0xbc, 0, 22),               /*    3: if nr >= setxattr then 4, else 26 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x134, 0, 11),              /*    4: if nr >= setns then 5, else 16 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x1a9, 0, 57),              /*    5: if nr >= io_uring_setup then 6, else 63 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x1cf, 3, 0),               /*    6: if nr >= setxattrat then 10, else 7 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x1ac, 1, 0),               /*    7: if nr >= open_tree then 9, else 8 */
	BPF_STMT(BPF_RET | BPF_K, 0x50026),                             /*    8: errno ENOSYS */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1c4, 21, 53),             /*    9: if nr == fchmodat2 then 31, else 63 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x1d3, 1, 0),               /*   10: if nr >= open_tree_attr then 12, else 11 */
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0xfffffe2e, 19, 51),       /*   11: if nr & 0xfffffe2e != 0 then 31, else 63 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x1d5, 0, 50),              /*   12: if nr >= file_setattr then 13, else 63 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1d5, 17, 0),              /*   13: if nr == file_setattr then 31, else 14 */
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x40000000, 0, 48),        /*   14: if nr & 0x40000000 != 0 then 15, else 63 */
	BPF_STMT(BPF_RET | BPF_K, 0x80000000),                          /*   15: kill-process */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x104, 4, 0),               /*   16: if nr >= fchownat then 21, else 17 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0xc8, 0, 1),                /*   17: if nr >= tkill then 18, else 19 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xeb, 12, 44),              /*   18: if nr == utimes then 31, else 63 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0xbf, 0, 11),               /*   19: if nr >= getxattr then 20, else 31 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0xc5, 10, 42),              /*   20: if nr >= removexattr then 31, else 63 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x119, 0, 1),               /*   21: if nr >= epoll_pwait then 22, else 23 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x133, 25, 40),             /*   22: if nr == sendmmsg then 48, else 63 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x106, 0, 7),               /*   23: if nr >= newfstatat then 24, else 31 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x118, 6, 0),               /*   24: if nr == utimensat then 31, else 25 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x10c, 5, 37),              /*   25: if nr == fchmodat then 31, else 63 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x5f, 0, 1),                /*   26: if nr >= umask then 27, else 28 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x84, 3, 35),               /*   27: if nr == utime then 31, else 63 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x29, 0, 34),               /*   28: if nr >= socket then 29, else 63 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x37, 0, 2),                /*   29: if nr >= getsockopt then 30, else 32 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x5a, 0, 32),               /*   30: if nr >= chmod then 31, else 63 */
	BPF_STMT(BPF_RET | BPF_K, 0x50001),                             /*   31: errno EPERM */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x35, 0, 11),               /*   32: if nr >= socketpair then 33, else 44 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x36, 0, 5),                /*   33: if nr == setsockopt then 34, else 39 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x18),                       /*   34: A = level */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x6, 0, 27),                /*   35: if setsockopt: level == SOL_TCP then 36, else 63 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x20),                       /*   36: A = optname */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1f, 0, 25),               /*   37: if setsockopt: optname == 31 then 38, else 63 */
	BPF_STMT(BPF_RET | BPF_K, 0x50002),                             /*   38: errno ENOENT */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x10),                       /*   39: A = family */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1, 0, 14),                /*   40: if socketpair: family == AF_UNIX then 41, else 55 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x18),                       /*   41: A = type */
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf),                       /*   42: and #15 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x5, 19, 17),               /*   43: if socketpair: type & 15 == SOCK_SEQPACKET then 63, else 61 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x2e, 0, 2),                /*   44: if nr == sendmsg then 45, else 47 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x20),                       /*   45: A = flags */
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x20000000, 3, 16),        /*   46: if sendmsg: flags & MSG_FASTOPEN != 0 then 50, else 63 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x2c, 0, 3),                /*   47: if nr == sendto then 48, else 51 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x28),                       /*   48: A = flags */
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x20000000, 0, 13),        /*   49: if flags & MSG_FASTOPEN != 0 then 50, else 63 */
	BPF_STMT(BPF_RET | BPF_K, 0x5005f),                             /*   50: errno EOPNOTSUPP */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x29, 0, 11),               /*   51: if nr == socket then 52, else 63 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x10),                       /*   52: A = family */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xa, 2, 0),                 /*   53: if socket: family == AF_INET6 then 56, else 54 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x2, 1, 0),                 /*   54: if socket: family == AF_INET then 56, else 55 */
	BPF_STMT(BPF_RET | BPF_K, 0x50061),                             /*   55: errno EAFNOSUPPORT */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x20),                       /*   56: A = protocol */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x0, 1, 0),                 /*   57: if socket: protocol == 0 then 59, else 58 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x6, 0, 3),                 /*   58: if socket: protocol == 6 then 59, else 62 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x18),                       /*   59: A = type */
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf),                       /*   60: and #15 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1, 1, 0),                 /*   61: if type & 15 == SOCK_STREAM then 63, else 62 */
	BPF_STMT(BPF_RET | BPF_K, 0x5005d),                             /*   62: errno EPROTONOSUPPORT */
	BPF_STMT(BPF_RET | BPF_K, 0x7fff0000),                          /*   63: allow */
};

/* phase serving */
static const struct sock_filter narrow_small_server_filter_1_serving[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x4),                        /*    0: A = arch */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xc000003e, 0, 6),          /*    1: if arch == x86_64 then 2, else 8 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x0),                        /*    2: A = nr */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0xca, 0, 19),               /*    3: if nr >= futex then 4, else 23 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x13e, 0, 7),               /*    4: if nr >= getrandom then 5, else 12 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x1a9, 0, 55),              /*    5: if nr >= io_uring_setup then 6, else 61 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x1b4, 0, 2),               /*    6: if nr >= close_range then 7, else 9 */
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x40000000, 0, 53),        /*    7: if nr & 0x40000000 != 0 then 8, else 61 */
	BPF_STMT(BPF_RET | BPF_K, 0x80000000),                          /*    8: kill-process */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x1ac, 0, 1),               /*    9: if nr >= open_tree then 10, else 11 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1b3, 0, 50),              /*   10: if nr == clone3 then 11, else 61 */
	BPF_STMT(BPF_RET | BPF_K, 0x50026),                             /*   11: errno ENOSYS */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0xe8, 3, 0),                /*   12: if nr >= epoll_wait then 16, else 13 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xe7, 15, 0),               /*   13: if nr == exit_group then 29, else 14 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xdb, 14, 0),               /*   14: if nr == restart_syscall then 29, else 15 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xca, 13, 45),              /*   15: if nr == futex then 29, else 61 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x133, 0, 44),              /*   16: if nr >= sendmmsg then 17, else 61 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x13d, 1, 0),               /*   17: if nr == seccomp then 19, else 18 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x133, 27, 42),             /*   18: if nr == sendmmsg then 46, else 61 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x10),                       /*   19: A = op */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1, 0, 40),                /*   20: if seccomp: op == SECCOMP_SET_MODE_FILTER then 21, else 61 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x18),                       /*   21: A = flags */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x0, 6, 38),                /*   22: if seccomp: flags == 0 then 29, else 61 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x37, 37, 0),               /*   23: if nr >= getsockopt then 61, else 24 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x29, 5, 0),                /*   24: if nr >= socket then 30, else 25 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x2, 35, 0),                /*   25: if nr >= open then 61, else 26 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1, 0, 2),                 /*   26: if nr == write then 27, else 29 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x10),                       /*   27: A = fd */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1, 0, 32),                /*   28: if write: fd == 1 then 29, else 61 */
	BPF_STMT(BPF_RET | BPF_K, 0x7fff0000),                          /*   29: allow */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x35, 0, 11),               /*   30: if nr >= socketpair then 31, else 42 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x36, 0, 5),                /*   31: if nr == setsockopt then 32, else 37 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x18),                       /*   32: A = level */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x6, 0, 27),                /*   33: if setsockopt: level == SOL_TCP then 34, else 61 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x20),                       /*   34: A = optname */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1f, 0, 25),               /*   35: if setsockopt: optname == 31 then 36, else 61 */
	BPF_STMT(BPF_RET | BPF_K, 0x50002),                             /*   36: errno ENOENT */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x10),                       /*   37: A = family */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1, 0, 14),                /*   38: if socketpair: family == AF_UNIX then 39, else 53 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x18),                       /*   39: A = type */
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf),                       /*   40: and #15 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x5, 19, 17),               /*   41: if socketpair: type & 15 == SOCK_SEQPACKET then 61, else 59 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x2e, 0, 2),                /*   42: if nr == sendmsg then 43, else 45 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x20),                       /*   43: A = flags */
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x20000000, 3, 16),        /*   44: if sendmsg: flags & MSG_FASTOPEN != 0 then 48, else 61 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x2c, 0, 3),                /*   45: if nr == sendto then 46, else 49 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x28),                       /*   46: A = flags */
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x20000000, 0, 13),        /*   47: if flags & MSG_FASTOPEN != 0 then 48, else 61 */
	BPF_STMT(BPF_RET | BPF_K, 0x5005f),                             /*   48: errno EOPNOTSUPP */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x29, 0, 11),               /*   49: if nr == socket then 50, else 61 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x10),                       /*   50: A = family */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xa, 2, 0),                 /*   51: if socket: family == AF_INET6 then 54, else 52 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x2, 1, 0),                 /*   52: if socket: family == AF_INET then 54, else 53 */
	BPF_STMT(BPF_RET | BPF_K, 0x50061),                             /*   53: errno EAFNOSUPPORT */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x20),                       /*   54: A = protocol */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x0, 1, 0),                 /*   55: if socket: protocol == 0 then 57, else 56 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x6, 0, 3),                 /*   56: if socket: protocol == 6 then 57, else 60 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x18),                       /*   57: A = type */
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf),                       /*   58: and #15 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1, 1, 0),                 /*   59: if type & 15 == SOCK_STREAM then 61, else 60 */
	BPF_STMT(BPF_RET | BPF_K, 0x5005d),                             /*   60: errno EPROTONOSUPPORT */
	BPF_STMT(BPF_RET | BPF_K, 0x50001),                             /*   61: errno EPERM */
};

/* phase serving, threads that no block names */
static const struct sock_filter narrow_small_server_filter_1_serving_0_others[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x4),                        /*    0: A = arch */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xc000003e, 0, 6),          /*    1: if arch == x86_64 then 2, else 8 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x0),                        /*    2: A = nr */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0xca, 0, 14),               /*    3: if nr >= futex then 4, else 18 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x134, 0, 7),               /*    4: if nr >= setns then 5, else 12 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x1a9, 0, 45),              /*    5: if nr >= io_uring_setup then 6, else 51 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x1b4, 0, 2),               /*    6: if nr >= close_range then 7, else 9 */
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x40000000, 0, 43),        /*    7: if nr & 0x40000000 != 0 then 8, else 51 */
	BPF_STMT(BPF_RET | BPF_K, 0x80000000),                          /*    8: kill-process */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x1ac, 0, 1),               /*    9: if nr >= open_tree then 10, else 11 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1b3, 0, 40),              /*   10: if nr == clone3 then 11, else 51 */
	BPF_STMT(BPF_RET | BPF_K, 0x50026),                             /*   11: errno ENOSYS */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0xe8, 0, 1),                /*   12: if nr >= epoll_wait then 13, else 14 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x133, 22, 37),             /*   13: if nr == sendmmsg then 36, else 51 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xe7, 2, 0),                /*   14: if nr == exit_group then 17, else 15 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xdb, 1, 0),                /*   15: if nr == restart_syscall then 17, else 16 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xca, 0, 34),               /*   16: if nr == futex then 17, else 51 */
	BPF_STMT(BPF_RET | BPF_K, 0x7fff0000),                          /*   17: allow */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x37, 32, 0),               /*   18: if nr >= getsockopt then 51, else 19 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x29, 0, 31),               /*   19: if nr >= socket then 20, else 51 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x35, 0, 11),               /*   20: if nr >= socketpair then 21, else 32 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x36, 0, 5),                /*   21: if nr == setsockopt then 22, else 27 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x18),                       /*   22: A = level */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x6, 0, 27),                /*   23: if setsockopt: level == SOL_TCP then 24, else 51 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x20),                       /*   24: A = optname */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1f, 0, 25),               /*   25: if setsockopt: optname == 31 then 26, else 51 */
	BPF_STMT(BPF_RET | BPF_K, 0x50002),                             /*   26: errno ENOENT */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x10),                       /*   27: A = family */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1, 0, 14),                /*   28: if socketpair: family == AF_UNIX then 29, else 43 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x18),                       /*   29: A = type */
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf),                       /*   30: and #15 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x5, 19, 17),               /*   31: if socketpair: type & 15 == SOCK_SEQPACKET then 51, else 49 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x2e, 0, 2),                /*   32: if nr == sendmsg then 33, else 35 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x20),                       /*   33: A = flags */
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x20000000, 3, 16),        /*   34: if sendmsg: flags & MSG_FASTOPEN != 0 then 38, else 51 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x2c, 0, 3),                /*   35: if nr == sendto then 36, else 39 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x28),                       /*   36: A = flags */
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x20000000, 0, 13),        /*   37: if flags & MSG_FASTOPEN != 0 then 38, else 51 */
	BPF_STMT(BPF_RET | BPF_K, 0x5005f),                             /*   38: errno EOPNOTSUPP */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x29, 0, 11),               /*   39: if nr == socket then 40, else 51 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x10),                       /*   40: A = family */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xa, 2, 0),                 /*   41: if socket: family == AF_INET6 then 44, else 42 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x2, 1, 0),                 /*   42: if socket: family == AF_INET then 44, else 43 */
	BPF_STMT(BPF_RET | BPF_K, 0x50061),                             /*   43: errno EAFNOSUPPORT */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x20),                       /*   44: A = protocol */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x0, 1, 0),                 /*   45: if socket: protocol == 0 then 47, else 46 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x6, 0, 3),                 /*   46: if socket: protocol == 6 then 47, else 50 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x18),                       /*   47: A = type */
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf),                       /*   48: and #15 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1, 1, 0),                 /*   49: if type & 15 == SOCK_STREAM then 51, else 50 */
	BPF_STMT(BPF_RET | BPF_K, 0x5005d),                             /*   50: errno EPROTONOSUPPORT */
	BPF_STMT(BPF_RET | BPF_K, 0x50001),                             /*   51: errno EPERM */
};

/* phase serving, thread main */
static const struct sock_filter narrow_small_server_filter_1_serving_1_main[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x4),                        /*    0: A = arch */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xc000003e, 0, 6),          /*    1: if arch == x86_64 then 2, else 8 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x0),                        /*    2: A = nr */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0xca, 0, 13),               /*    3: if nr >= futex then 4, else 17 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x134, 0, 7),               /*    4: if nr >= setns then 5, else 12 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x1a9, 0, 46),              /*    5: if nr >= io_uring_setup then 6, else 52 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x1b4, 0, 2),               /*    6: if nr >= close_range then 7, else 9 */
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x40000000, 0, 44),        /*    7: if nr & 0x40000000 != 0 then 8, else 52 */
	BPF_STMT(BPF_RET | BPF_K, 0x80000000),                          /*    8: kill-process */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x1ac, 0, 1),               /*    9: if nr >= open_tree then 10, else 11 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1b3, 0, 41),              /*   10: if nr == clone3 then 11, else 52 */
	BPF_STMT(BPF_RET | BPF_K, 0x50026),                             /*   11: errno ENOSYS */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0xe8, 0, 1),                /*   12: if nr >= epoll_wait then 13, else 14 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x133, 23, 38),             /*   13: if nr == sendmmsg then 37, else 52 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xe7, 5, 0),                /*   14: if nr == exit_group then 20, else 15 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xdb, 4, 0),                /*   15: if nr == restart_syscall then 20, else 16 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xca, 3, 35),               /*   16: if nr == futex then 20, else 52 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x37, 34, 0),               /*   17: if nr >= getsockopt then 52, else 18 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x29, 2, 0),                /*   18: if nr >= socket then 21, else 19 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x0, 0, 32),                /*   19: if nr == read then 20, else 52 */
	BPF_STMT(BPF_RET | BPF_K, 0x7fff0000),                          /*   20: allow */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x35, 0, 11),               /*   21: if nr >= socketpair then 22, else 33 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x36, 0, 5),                /*   22: if nr == setsockopt then 23, else 28 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x18),                       /*   23: A = level */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x6, 0, 27),                /*   24: if setsockopt: level == SOL_TCP then 25, else 52 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x20),                       /*   25: A = optname */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1f, 0, 25),               /*   26: if setsockopt: optname == 31 then 27, else 52 */
	BPF_STMT(BPF_RET | BPF_K, 0x50002),                             /*   27: errno ENOENT */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x10),                       /*   28: A = family */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1, 0, 14),                /*   29: if socketpair: family == AF_UNIX then 30, else 44 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x18),                       /*   30: A = type */
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf),                       /*   31: and #15 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x5, 19, 17),               /*   32: if socketpair: type & 15 == SOCK_SEQPACKET then 52, else 50 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x2e, 0, 2),                /*   33: if nr == sendmsg then 34, else 36 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x20),                       /*   34: A = flags */
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x20000000, 3, 16),        /*   35: if sendmsg: flags & MSG_FASTOPEN != 0 then 39, else 52 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x2c, 0, 3),                /*   36: if nr == sendto then 37, else 40 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x28),                       /*   37: A = flags */
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x20000000, 0, 13),        /*   38: if flags & MSG_FASTOPEN != 0 then 39, else 52 */
	BPF_STMT(BPF_RET | BPF_K, 0x5005f),                             /*   39: errno EOPNOTSUPP */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x29, 0, 11),               /*   40: if nr == socket then 41, else 52 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x10),                       /*   41: A = family */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xa, 2, 0),                 /*   42: if socket: family == AF_INET6 then 45, else 43 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x2, 1, 0),                 /*   43: if socket: family == AF_INET then 45, else 44 */
	BPF_STMT(BPF_RET | BPF_K, 0x50061),                             /*   44: errno EAFNOSUPPORT */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x20),                       /*   45: A = protocol */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x0, 1, 0),                 /*   46: if socket: protocol == 0 then 48, else 47 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x6, 0, 3),                 /*   47: if socket: protocol == 6 then 48, else 51 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x18),                       /*   48: A = type */
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf),                       /*   49: and #15 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1, 1, 0),                 /*   50: if type & 15 == SOCK_STREAM then 52, else 51 */
	BPF_STMT(BPF_RET | BPF_K, 0x5005d),                             /*   51: errno EPROTONOSUPPORT */
	BPF_STMT(BPF_RET | BPF_K, 0x50001),                             /*   52: errno EPERM */
};

/* phase serving, thread mc-* */
static const struct sock_filter narrow_small_server_filter_1_serving_2_mc__[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x4),                        /*    0: A = arch */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xc000003e, 0, 6),          /*    1: if arch == x86_64 then 2, else 8 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x0),                        /*    2: A = nr */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0xca, 0, 13),               /*    3: if nr >= futex then 4, else 17 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x134, 0, 7),               /*    4: if nr >= setns then 5, else 12 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x1a9, 0, 48),              /*    5: if nr >= io_uring_setup then 6, else 54 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x1b4, 0, 2),               /*    6: if nr >= close_range then 7, else 9 */
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x40000000, 0, 46),        /*    7: if nr & 0x40000000 != 0 then 8, else 54 */
	BPF_STMT(BPF_RET | BPF_K, 0x80000000),                          /*    8: kill-process */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x1ac, 0, 1),               /*    9: if nr >= open_tree then 10, else 11 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1b3, 0, 43),              /*   10: if nr == clone3 then 11, else 54 */
	BPF_STMT(BPF_RET | BPF_K, 0x50026),                             /*   11: errno ENOSYS */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0xe8, 0, 1),                /*   12: if nr >= epoll_wait then 13, else 14 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x133, 25, 40),             /*   13: if nr == sendmmsg then 39, else 54 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xe7, 7, 0),                /*   14: if nr == exit_group then 22, else 15 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xdb, 6, 0),                /*   15: if nr == restart_syscall then 22, else 16 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xca, 5, 37),               /*   16: if nr == futex then 22, else 54 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x37, 36, 0),               /*   17: if nr >= getsockopt then 54, else 18 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x29, 4, 0),                /*   18: if nr >= socket then 23, else 19 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1, 0, 34),                /*   19: if nr == write then 20, else 54 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x10),                       /*   20: A = fd */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1, 0, 32),                /*   21: if write: fd == 1 then 22, else 54 */
	BPF_STMT(BPF_RET | BPF_K, 0x7fff0000),                          /*   22: allow */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x35, 0, 11),               /*   23: if nr >= socketpair then 24, else 35 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x36, 0, 5),                /*   24: if nr == setsockopt then 25, else 30 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x18),                       /*   25: A = level */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x6, 0, 27),                /*   26: if setsockopt: level == SOL_TCP then 27, else 54 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x20),                       /*   27: A = optname */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1f, 0, 25),               /*   28: if setsockopt: optname == 31 then 29, else 54 */
	BPF_STMT(BPF_RET | BPF_K, 0x50002),                             /*   29: errno ENOENT */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x10),                       /*   30: A = family */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1, 0, 14),                /*   31: if socketpair: family == AF_UNIX then 32, else 46 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x18),                       /*   32: A = type */
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf),                       /*   33: and #15 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x5, 19, 17),               /*   34: if socketpair: type & 15 == SOCK_SEQPACKET then 54, else 52 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x2e, 0, 2),                /*   35: if nr == sendmsg then 36, else 38 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x20),                       /*   36: A = flags */
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x20000000, 3, 16),        /*   37: if sendmsg: flags & MSG_FASTOPEN != 0 then 41, else 54 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x2c, 0, 3),                /*   38: if nr == sendto then 39, else 42 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x28),                       /*   39: A = flags */
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x20000000, 0, 13),        /*   40: if flags & MSG_FASTOPEN != 0 then 41, else 54 */
	BPF_STMT(BPF_RET | BPF_K, 0x5005f),                             /*   41: errno EOPNOTSUPP */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x29, 0, 11),               /*   42: if nr == socket then 43, else 54 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x10),                       /*   43: A = family */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xa, 2, 0),                 /*   44: if socket: family == AF_INET6 then 47, else 45 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x2, 1, 0),                 /*   45: if socket: family == AF_INET then 47, else 46 */
	BPF_STMT(BPF_RET | BPF_K, 0x50061),                             /*   46: errno EAFNOSUPPORT */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x20),                       /*   47: A = protocol */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x0, 1, 0),                 /*   48: if socket: protocol == 0 then 50, else 49 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x6, 0, 3),                 /*   49: if socket: protocol == 6 then 50, else 53 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x18),                       /*   50: A = type */
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf),                       /*   51: and #15 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1, 1, 0),                 /*   52: if type & 15 == SOCK_STREAM then 54, else 53 */
	BPF_STMT(BPF_RET | BPF_K, 0x5005d),                             /*   53: errno EPROTONOSUPPORT */
	BPF_STMT(BPF_RET | BPF_K, 0x50001),                             /*   54: errno EPERM */
};

#elif defined(__aarch64__) && !defined(__AARCH64EB__) && !defined(__ILP32__) /* aarch64 */

enum {
	narrow_small_server_nr_prctl = 167,
	narrow_small_server_nr_seccomp = 277,
	narrow_small_server_nr_unshare = 97,
	narrow_small_server_nr_close = 57,
	narrow_small_server_nr_fcntl = 25,
	narrow_small_server_nr_futex = 98,
	narrow_small_server_nr_getdents64 = 61,
	narrow_small_server_nr_getpid = 172,
	narrow_small_server_nr_gettid = 178,
	narrow_small_server_nr_landlock_add_rule = 445,
	narrow_small_server_nr_landlock_create_ruleset = 444,
	narrow_small_server_nr_landlock_restrict_self = 446,
	narrow_small_server_nr_nanosleep = 101,
	narrow_small_server_nr_openat = 56,
	narrow_small_server_nr_rt_sigaction = 134,
	narrow_small_server_nr_sched_yield = 124,
	narrow_small_server_nr_tgkill = 131,
	narrow_small_server_nr_close_range = 436,
	narrow_small_server_nr_prlimit64 = 261,
	narrow_small_server_SIGSET = 8,
	narrow_small_server_SA_FLAGS = 2,
	narrow_small_server_O_DIRECTORY = 16384,
	narrow_small_server_RLIMIT_CORE = 4
};

/* phase init */
static const struct sock_filter narrow_small_server_filter_0_init[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x4),                        /*    0: A = arch */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xc00000b7, 1, 0),          /*    1: if arch == aarch64 then 3, else 2 */
	BPF_STMT(BPF_RET | BPF_K, 0x80000000),                          /*    2: kill-process */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x0),                        /*    3: A = nr */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x10e, 0, 8),               /*    4: if nr >= process_vm_readv then 5, else 13 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x1a9, 0, 50),              /*    5: if nr >= io_uring_setup then 6, else 56 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x1cf, 3, 0),               /*    6: if nr >= setxattrat then 10, else 7 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x1ac, 1, 0),               /*    7: if nr >= open_tree then 9, else 8 */
	BPF_STMT(BPF_RET | BPF_K, 0x50026),                             /*    8: errno ENOSYS */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1c4, 11, 46),             /*    9: if nr == fchmodat2 then 21, else 56 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x1d3, 1, 0),               /*   10: if nr >= open_tree_attr then 12, else 11 */
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0xfffffe2e, 9, 44),        /*   11: if nr & 0xfffffe2e != 0 then 21, else 56 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1d5, 8, 43),              /*   12: if nr == file_setattr then 21, else 56 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x59, 8, 0),                /*   13: if nr >= acct then 22, else 14 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x34, 0, 2),                /*   14: if nr >= fchmod then 15, else 17 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x38, 0, 5),                /*   15: if nr >= openat then 16, else 21 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x58, 4, 39),               /*   16: if nr == utimensat then 21, else 56 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x11, 38, 0),               /*   17: if nr >= getcwd then 56, else 18 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x8, 1, 0),                 /*   18: if nr >= getxattr then 20, else 19 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x5, 1, 36),                /*   19: if nr >= setxattr then 21, else 56 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0xe, 0, 35),                /*   20: if nr >= removexattr then 21, else 56 */
	BPF_STMT(BPF_RET | BPF_K, 0x50001),                             /*   21: errno EPERM */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0xc6, 0, 33),               /*   22: if nr >= socket then 23, else 56 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0xd4, 0, 1),                /*   23: if nr >= recvmsg then 24, else 25 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x10d, 6, 31),              /*   24: if nr == sendmmsg then 31, else 56 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0xc8, 0, 13),               /*   25: if nr >= bind then 26, else 39 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xd3, 0, 2),                /*   26: if nr == sendmsg then 27, else 29 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x20),                       /*   27: A = flags */
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x20000000, 4, 27),        /*   28: if sendmsg: flags & MSG_FASTOPEN != 0 then 33, else 56 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xd0, 4, 0),                /*   29: if nr == setsockopt then 34, else 30 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xce, 0, 25),               /*   30: if nr == sendto then 31, else 56 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x28),                       /*   31: A = flags */
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x20000000, 0, 23),        /*   32: if flags & MSG_FASTOPEN != 0 then 33, else 56 */
	BPF_STMT(BPF_RET | BPF_K, 0x5005f),                             /*   33: errno EOPNOTSUPP */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x18),                       /*   34: A = level */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x6, 0, 20),                /*   35: if setsockopt: level == SOL_TCP then 36, else 56 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x20),                       /*   36: A = optname */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1f, 0, 18),               /*   37: if setsockopt: optname == 31 then 38, else 56 */
	BPF_STMT(BPF_RET | BPF_K, 0x50002),                             /*   38: errno ENOENT */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xc7, 0, 5),                /*   39: if nr == socketpair then 40, else 45 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x10),                       /*   40: A = family */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1, 0, 6),                 /*   41: if socketpair: family == AF_UNIX then 42, else 48 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x18),                       /*   42: A = type */
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf),                       /*   43: and #15 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x5, 11, 9),                /*   44: if socketpair: type & 15 == SOCK_SEQPACKET then 56, else 54 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x10),                       /*   45: A = family */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xa, 2, 0),                 /*   46: if socket: family == AF_INET6 then 49, else 47 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x2, 1, 0),                 /*   47: if socket: family == AF_INET then 49, else 48 */
	BPF_STMT(BPF_RET | BPF_K, 0x50061),                             /*   48: errno EAFNOSUPPORT */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x20),                       /*   49: A = protocol */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x0, 1, 0),                 /*   50: if socket: protocol == 0 then 52, else 51 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x6, 0, 3),                 /*   51: if socket: protocol == 6 then 52, else 55 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x18),                       /*   52: A = type */
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf),                       /*   53: and #15 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1, 1, 0),                 /*   54: if type & 15 == SOCK_STREAM then 56, else 55 */
	BPF_STMT(BPF_RET | BPF_K, 0x5005d),                             /*   55: errno EPROTONOSUPPORT */
	BPF_STMT(BPF_RET | BPF_K, 0x7fff0000),                          /*   56: allow */
};

/* phase serving */
static const struct sock_filter narrow_small_server_filter_1_serving[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x4),                        /*    0: A = arch */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xc00000b7, 1, 0),          /*    1: if arch == aarch64 then 3, else 2 */
	BPF_STMT(BPF_RET | BPF_K, 0x80000000),                          /*    2: kill-process */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x0),                        /*    3: A = nr */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x116, 0, 5),               /*    4: if nr >= getrandom then 5, else 10 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x1a9, 0, 54),              /*    5: if nr >= io_uring_setup then 6, else 60 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x1b4, 53, 0),              /*    6: if nr >= close_range then 60, else 7 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x1ac, 0, 1),               /*    7: if nr >= open_tree then 8, else 9 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1b3, 0, 51),              /*    8: if nr == clone3 then 9, else 60 */
	BPF_STMT(BPF_RET | BPF_K, 0x50026),                             /*    9: errno ENOSYS */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x81, 8, 0),                /*   10: if nr >= kill then 19, else 11 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x3f, 0, 48),               /*   11: if nr >= read then 12, else 60 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x62, 0, 1),                /*   12: if nr >= futex then 13, else 14 */
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0xffffff1d, 46, 14),       /*   13: if nr & 0xffffff1d != 0 then 60, else 28 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x41, 0, 1),                /*   14: if nr >= readv then 15, else 16 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x5e, 12, 44),              /*   15: if nr == exit_group then 28, else 60 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x40, 0, 11),               /*   16: if nr == write then 17, else 28 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x10),                       /*   17: A = fd */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1, 9, 41),                /*   18: if write: fd == 1 then 28, else 60 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0xc6, 0, 40),               /*   19: if nr >= socket then 20, else 60 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0xd4, 0, 8),                /*   20: if nr >= recvmsg then 21, else 29 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x10d, 0, 38),              /*   21: if nr >= sendmmsg then 22, else 60 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x115, 1, 0),               /*   22: if nr == seccomp then 24, else 23 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x10d, 11, 36),             /*   23: if nr == sendmmsg then 35, else 60 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x10),                       /*   24: A = op */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1, 0, 34),                /*   25: if seccomp: op == SECCOMP_SET_MODE_FILTER then 26, else 60 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x18),                       /*   26: A = flags */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x0, 0, 32),                /*   27: if seccomp: flags == 0 then 28, else 60 */
	BPF_STMT(BPF_RET | BPF_K, 0x7fff0000),                          /*   28: allow */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0xc8, 0, 13),               /*   29: if nr >= bind then 30, else 43 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xd3, 0, 2),                /*   30: if nr == sendmsg then 31, else 33 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x20),                       /*   31: A = flags */
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x20000000, 4, 27),        /*   32: if sendmsg: flags & MSG_FASTOPEN != 0 then 37, else 60 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xd0, 4, 0),                /*   33: if nr == setsockopt then 38, else 34 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xce, 0, 25),               /*   34: if nr == sendto then 35, else 60 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x28),                       /*   35: A = flags */
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x20000000, 0, 23),        /*   36: if flags & MSG_FASTOPEN != 0 then 37, else 60 */
	BPF_STMT(BPF_RET | BPF_K, 0x5005f),                             /*   37: errno EOPNOTSUPP */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x18),                       /*   38: A = level */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x6, 0, 20),                /*   39: if setsockopt: level == SOL_TCP then 40, else 60 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x20),                       /*   40: A = optname */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1f, 0, 18),               /*   41: if setsockopt: optname == 31 then 42, else 60 */
	BPF_STMT(BPF_RET | BPF_K, 0x50002),                             /*   42: errno ENOENT */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xc7, 0, 5),                /*   43: if nr == socketpair then 44, else 49 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x10),                       /*   44: A = family */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1, 0, 6),                 /*   45: if socketpair: family == AF_UNIX then 46, else 52 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x18),                       /*   46: A = type */
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf),                       /*   47: and #15 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x5, 11, 9),                /*   48: if socketpair: type & 15 == SOCK_SEQPACKET then 60, else 58 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x10),                       /*   49: A = family */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xa, 2, 0),                 /*   50: if socket: family == AF_INET6 then 53, else 51 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x2, 1, 0),                 /*   51: if socket: family == AF_INET then 53, else 52 */
	BPF_STMT(BPF_RET | BPF_K, 0x50061),                             /*   52: errno EAFNOSUPPORT */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x20),                       /*   53: A = protocol */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x0, 1, 0),                 /*   54: if socket: protocol == 0 then 56, else 55 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x6, 0, 3),                 /*   55: if socket: protocol == 6 then 56, else 59 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x18),                       /*   56: A = type */
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf),                       /*   57: and #15 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1, 1, 0),                 /*   58: if type & 15 == SOCK_STREAM then 60, else 59 */
	BPF_STMT(BPF_RET | BPF_K, 0x5005d),                             /*   59: errno EPROTONOSUPPORT */
	BPF_STMT(BPF_RET | BPF_K, 0x50001),                             /*   60: errno EPERM */
};

/* phase serving, threads that no block names */
static const struct sock_filter narrow_small_server_filter_1_serving_0_others[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x4),                        /*    0: A = arch */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xc00000b7, 1, 0),          /*    1: if arch == aarch64 then 3, else 2 */
	BPF_STMT(BPF_RET | BPF_K, 0x80000000),                          /*    2: kill-process */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x0),                        /*    3: A = nr */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0xd4, 0, 6),                /*    4: if nr >= recvmsg then 5, else 11 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x1a9, 1, 0),               /*    5: if nr >= io_uring_setup then 7, else 6 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x10d, 17, 42),             /*    6: if nr == sendmmsg then 24, else 49 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x1b4, 41, 0),              /*    7: if nr >= close_range then 49, else 8 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x1ac, 0, 1),               /*    8: if nr >= open_tree then 9, else 10 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1b3, 0, 39),              /*    9: if nr == clone3 then 10, else 49 */
	BPF_STMT(BPF_RET | BPF_K, 0x50026),                             /*   10: errno ENOSYS */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x5e, 0, 37),               /*   11: if nr >= exit_group then 12, else 49 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x81, 4, 0),                /*   12: if nr >= kill then 17, else 13 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x62, 1, 0),                /*   13: if nr >= futex then 15, else 14 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x5e, 1, 34),               /*   14: if nr == exit_group then 16, else 49 */
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0xffffff1d, 33, 0),        /*   15: if nr & 0xffffff1d != 0 then 49, else 16 */
	BPF_STMT(BPF_RET | BPF_K, 0x7fff0000),                          /*   16: allow */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0xc6, 0, 31),               /*   17: if nr >= socket then 18, else 49 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0xc8, 0, 13),               /*   18: if nr >= bind then 19, else 32 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xd3, 0, 2),                /*   19: if nr == sendmsg then 20, else 22 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x20),                       /*   20: A = flags */
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x20000000, 4, 27),        /*   21: if sendmsg: flags & MSG_FASTOPEN != 0 then 26, else 49 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xd0, 4, 0),                /*   22: if nr == setsockopt then 27, else 23 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xce, 0, 25),               /*   23: if nr == sendto then 24, else 49 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x28),                       /*   24: A = flags */
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x20000000, 0, 23),        /*   25: if flags & MSG_FASTOPEN != 0 then 26, else 49 */
	BPF_STMT(BPF_RET | BPF_K, 0x5005f),                             /*   26: errno EOPNOTSUPP */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x18),                       /*   27: A = level */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x6, 0, 20),                /*   28: if setsockopt: level == SOL_TCP then 29, else 49 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x20),                       /*   29: A = optname */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1f, 0, 18),               /*   30: if setsockopt: optname == 31 then 31, else 49 */
	BPF_STMT(BPF_RET | BPF_K, 0x50002),                             /*   31: errno ENOENT */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xc7, 0, 5),                /*   32: if nr == socketpair then 33, else 38 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x10),                       /*   33: A = family */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1, 0, 6),                 /*   34: if socketpair: family == AF_UNIX then 35, else 41 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x18),                       /*   35: A = type */
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf),                       /*   36: and #15 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x5, 11, 9),                /*   37: if socketpair: type & 15 == SOCK_SEQPACKET then 49, else 47 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x10),                       /*   38: A = family */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xa, 2, 0),                 /*   39: if socket: family == AF_INET6 then 42, else 40 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x2, 1, 0),                 /*   40: if socket: family == AF_INET then 42, else 41 */
	BPF_STMT(BPF_RET | BPF_K, 0x50061),                             /*   41: errno EAFNOSUPPORT */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x20),                       /*   42: A = protocol */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x0, 1, 0),                 /*   43: if socket: protocol == 0 then 45, else 44 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x6, 0, 3),                 /*   44: if socket: protocol == 6 then 45, else 48 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x18),                       /*   45: A = type */
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf),                       /*   46: and #15 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1, 1, 0),                 /*   47: if type & 15 == SOCK_STREAM then 49, else 48 */
	BPF_STMT(BPF_RET | BPF_K, 0x5005d),                             /*   48: errno EPROTONOSUPPORT */
	BPF_STMT(BPF_RET | BPF_K, 0x50001),                             /*   49: errno EPERM */
};

/* phase serving, thread main */
static const struct sock_filter narrow_small_server_filter_1_serving_1_main[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x4),                        /*    0: A = arch */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xc00000b7, 1, 0),          /*    1: if arch == aarch64 then 3, else 2 */
	BPF_STMT(BPF_RET | BPF_K, 0x80000000),                          /*    2: kill-process */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x0),                        /*    3: A = nr */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0xd4, 0, 6),                /*    4: if nr >= recvmsg then 5, else 11 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x1a9, 1, 0),               /*    5: if nr >= io_uring_setup then 7, else 6 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x10d, 18, 43),             /*    6: if nr == sendmmsg then 25, else 50 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x1b4, 42, 0),              /*    7: if nr >= close_range then 50, else 8 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x1ac, 0, 1),               /*    8: if nr >= open_tree then 9, else 10 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1b3, 0, 40),              /*    9: if nr == clone3 then 10, else 50 */
	BPF_STMT(BPF_RET | BPF_K, 0x50026),                             /*   10: errno ENOSYS */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x5e, 1, 0),                /*   11: if nr >= exit_group then 13, else 12 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x3f, 4, 37),               /*   12: if nr == read then 17, else 50 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x81, 4, 0),                /*   13: if nr >= kill then 18, else 14 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x62, 1, 0),                /*   14: if nr >= futex then 16, else 15 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x5e, 1, 34),               /*   15: if nr == exit_group then 17, else 50 */
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0xffffff1d, 33, 0),        /*   16: if nr & 0xffffff1d != 0 then 50, else 17 */
	BPF_STMT(BPF_RET | BPF_K, 0x7fff0000),                          /*   17: allow */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0xc6, 0, 31),               /*   18: if nr >= socket then 19, else 50 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0xc8, 0, 13),               /*   19: if nr >= bind then 20, else 33 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xd3, 0, 2),                /*   20: if nr == sendmsg then 21, else 23 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x20),                       /*   21: A = flags */
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x20000000, 4, 27),        /*   22: if sendmsg: flags & MSG_FASTOPEN != 0 then 27, else 50 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xd0, 4, 0),                /*   23: if nr == setsockopt then 28, else 24 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xce, 0, 25),               /*   24: if nr == sendto then 25, else 50 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x28),                       /*   25: A = flags */
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x20000000, 0, 23),        /*   26: if flags & MSG_FASTOPEN != 0 then 27, else 50 */
	BPF_STMT(BPF_RET | BPF_K, 0x5005f),                             /*   27: errno EOPNOTSUPP */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x18),                       /*   28: A = level */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x6, 0, 20),                /*   29: if setsockopt: level == SOL_TCP then 30, else 50 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x20),                       /*   30: A = optname */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1f, 0, 18),               /*   31: if setsockopt: optname == 31 then 32, else 50 */
	BPF_STMT(BPF_RET | BPF_K, 0x50002),                             /*   32: errno ENOENT */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xc7, 0, 5),                /*   33: if nr == socketpair then 34, else 39 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x10),                       /*   34: A = family */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1, 0, 6),                 /*   35: if socketpair: family == AF_UNIX then 36, else 42 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x18),                       /*   36: A = type */
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf),                       /*   37: and #15 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x5, 11, 9),                /*   38: if socketpair: type & 15 == SOCK_SEQPACKET then 50, else 48 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x10),                       /*   39: A = family */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xa, 2, 0),                 /*   40: if socket: family == AF_INET6 then 43, else 41 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x2, 1, 0),                 /*   41: if socket: family == AF_INET then 43, else 42 */
	BPF_STMT(BPF_RET | BPF_K, 0x50061),                             /*   42: errno EAFNOSUPPORT */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x20),                       /*   43: A = protocol */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x0, 1, 0),                 /*   44: if socket: protocol == 0 then 46, else 45 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x6, 0, 3),                 /*   45: if socket: protocol == 6 then 46, else 49 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x18),                       /*   46: A = type */
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf),                       /*   47: and #15 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1, 1, 0),                 /*   48: if type & 15 == SOCK_STREAM then 50, else 49 */
	BPF_STMT(BPF_RET | BPF_K, 0x5005d),                             /*   49: errno EPROTONOSUPPORT */
	BPF_STMT(BPF_RET | BPF_K, 0x50001),                             /*   50: errno EPERM */
};

/* phase serving, thread mc-* */
static const struct sock_filter narrow_small_server_filter_1_serving_2_mc__[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x4),                        /*    0: A = arch */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xc00000b7, 1, 0),          /*    1: if arch == aarch64 then 3, else 2 */
	BPF_STMT(BPF_RET | BPF_K, 0x80000000),                          /*    2: kill-process */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x0),                        /*    3: A = nr */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0xd4, 0, 6),                /*    4: if nr >= recvmsg then 5, else 11 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x1a9, 1, 0),               /*    5: if nr >= io_uring_setup then 7, else 6 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x10d, 20, 45),             /*    6: if nr == sendmmsg then 27, else 52 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x1b4, 44, 0),              /*    7: if nr >= close_range then 52, else 8 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x1ac, 0, 1),               /*    8: if nr >= open_tree then 9, else 10 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1b3, 0, 42),              /*    9: if nr == clone3 then 10, else 52 */
	BPF_STMT(BPF_RET | BPF_K, 0x50026),                             /*   10: errno ENOSYS */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x5e, 3, 0),                /*   11: if nr >= exit_group then 15, else 12 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x40, 0, 39),               /*   12: if nr == write then 13, else 52 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x10),                       /*   13: A = fd */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1, 4, 37),                /*   14: if write: fd == 1 then 19, else 52 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x81, 4, 0),                /*   15: if nr >= kill then 20, else 16 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x62, 1, 0),                /*   16: if nr >= futex then 18, else 17 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x5e, 1, 34),               /*   17: if nr == exit_group then 19, else 52 */
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0xffffff1d, 33, 0),        /*   18: if nr & 0xffffff1d != 0 then 52, else 19 */
	BPF_STMT(BPF_RET | BPF_K, 0x7fff0000),                          /*   19: allow */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0xc6, 0, 31),               /*   20: if nr >= socket then 21, else 52 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0xc8, 0, 13),               /*   21: if nr >= bind then 22, else 35 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xd3, 0, 2),                /*   22: if nr == sendmsg then 23, else 25 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x20),                       /*   23: A = flags */
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x20000000, 4, 27),        /*   24: if sendmsg: flags & MSG_FASTOPEN != 0 then 29, else 52 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xd0, 4, 0),                /*   25: if nr == setsockopt then 30, else 26 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xce, 0, 25),               /*   26: if nr == sendto then 27, else 52 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x28),                       /*   27: A = flags */
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x20000000, 0, 23),        /*   28: if flags & MSG_FASTOPEN != 0 then 29, else 52 */
	BPF_STMT(BPF_RET | BPF_K, 0x5005f),                             /*   29: errno EOPNOTSUPP */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x18),                       /*   30: A = level */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x6, 0, 20),                /*   31: if setsockopt: level == SOL_TCP then 32, else 52 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x20),                       /*   32: A = optname */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1f, 0, 18),               /*   33: if setsockopt: optname == 31 then 34, else 52 */
	BPF_STMT(BPF_RET | BPF_K, 0x50002),                             /*   34: errno ENOENT */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xc7, 0, 5),                /*   35: if nr == socketpair then 36, else 41 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x10),                       /*   36: A = family */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1, 0, 6),                 /*   37: if socketpair: family == AF_UNIX then 38, else 44 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x18),                       /*   38: A = type */
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf),                       /*   39: and #15 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x5, 11, 9),                /*   40: if socketpair: type & 15 == SOCK_SEQPACKET then 52, else 50 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x10),                       /*   41: A = family */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xa, 2, 0),                 /*   42: if socket: family == AF_INET6 then 45, else 43 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x2, 1, 0),                 /*   43: if socket: family == AF_INET then 45, else 44 */
	BPF_STMT(BPF_RET | BPF_K, 0x50061),                             /*   44: errno EAFNOSUPPORT */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x20),                       /*   45: A = protocol */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x0, 1, 0),                 /*   46: if socket: protocol == 0 then 48, else 47 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x6, 0, 3),                 /*   47: if socket: protocol == 6 then 48, else 51 */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x18),                       /*   48: A = type */
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf),                       /*   49: and #15 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1, 1, 0),                 /*   50: if type & 15 == SOCK_STREAM then 52, else 51 */
	BPF_STMT(BPF_RET | BPF_K, 0x5005d),                             /*   51: errno EPROTONOSUPPORT */
	BPF_STMT(BPF_RET | BPF_K, 0x50001),                             /*   52: errno EPERM */
};

#else
#error "policy small-server has no rules for this architecture; it is for x86_64 and aarch64"
#endif

/* ---- What all files that include this header share. ---- */

enum {
	narrow_small_server_COUNT = 0xffff,     /* in entered: the number of phases that are entered */
	narrow_small_server_THREADS = 0x10000,  /* in entered: a thread has entered its class */
	narrow_small_server_BUSY = 0x20000      /* in entered: a phase is being entered */
};

__attribute__((weak)) uint32_t narrow_small_server_entered = 0;
__attribute__((weak)) __thread int narrow_small_server_thread = 0; /* this thread has entered its class */
__attribute__((weak)) int narrow_small_server_rulesets[1] = {-1};

/* ---- How. ---- */

/* call makes a system call and leaves errno alone: a failure is -errno. */
static inline long narrow_small_server_call(long nr, long a, long b, long c, long d, long e)
{
	int saved = errno;
	long r = syscall(nr, a, b, c, d, e);

	if (r == -1)
		r = -errno;
	errno = saved;
	return r;
}

/* begin claims the phase that comes after `before` others. */
static inline int narrow_small_server_begin(uint32_t before)
{
	uint32_t seen = before;

	if (narrow_small_server_thread)
		return -EPERM; /* this thread's filter would stop what follows */
	if (__atomic_compare_exchange_n(&narrow_small_server_entered, &seen, before | narrow_small_server_BUSY, 0,
					__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		return 0;
	if (seen & narrow_small_server_BUSY)
		return -EAGAIN;
	return (seen & narrow_small_server_COUNT) > before ? -EALREADY : -EPERM;
}

/* end says how it went. */
static inline int narrow_small_server_end(uint32_t before, int r)
{
	__atomic_store_n(&narrow_small_server_entered, r == 0 ? before + 1 : before, __ATOMIC_SEQ_CST);
	return r;
}

/* privs sets no_new_privs, without which the kernel takes neither a filter nor a domain. */
static inline int narrow_small_server_privs(void)
{
	return (int)narrow_small_server_call(narrow_small_server_nr_prctl, 38 /* PR_SET_NO_NEW_PRIVS */, 1, 0, 0, 0);
}

/* install installs a filter; flags 1 is SECCOMP_FILTER_FLAG_TSYNC: on all threads. */
static inline int narrow_small_server_install(const struct sock_filter *filter, unsigned long length, long flags)
{
	struct { /* struct sock_fprog, but for the const */
		unsigned short length;
		const struct sock_filter *filter;
	} program;
	long r;

	program.length = (unsigned short)length;
	program.filter = filter;
	r = narrow_small_server_call(narrow_small_server_nr_seccomp, 1 /* SECCOMP_SET_MODE_FILTER */, flags, (long)&program, 0, 0);
	return r > 0 ? -ESRCH : (int)r; /* more than 0: the thread that cannot come along */
}

/* supported asks whether the kernel knows the verdicts, before anything is done. */
static inline int narrow_small_server_supported(void)
{
	static const uint32_t actions[] = {0x80000000};
	unsigned i;

	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (narrow_small_server_call(narrow_small_server_nr_seccomp, 2 /* SECCOMP_GET_ACTION_AVAIL */, 0, (long)&actions[i], 0, 0) != 0)
			return -EOPNOTSUPP;
	return 0;
}

/*
 * alone reports whether the process has this thread only. unshare(CLONE_THREAD)
 * changes nothing and fails where there are others; where a container forbids
 * it, /proc counts them, as long as no filter of ours can be in the way.
 */
static inline int narrow_small_server_alone(void)
{
	struct stat tasks;
	int saved = errno, there;
	long r = narrow_small_server_call(narrow_small_server_nr_unshare, 0x10000, 0, 0, 0, 0);

	if (r == 0 || r == -EINVAL || narrow_small_server_entered != narrow_small_server_BUSY)
		return r == 0;
	there = stat("/proc/self/task", &tasks) == 0 && tasks.st_nlink == 3;
	errno = saved;
	return there;
}

/* claim says that a thread enters its class, in the phase of that number. */
static inline int narrow_small_server_claim(uint32_t phase)
{
	uint32_t seen = phase;

	if (__atomic_compare_exchange_n(&narrow_small_server_entered, &seen, phase | narrow_small_server_THREADS, 0,
					__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST) ||
	    seen == (phase | narrow_small_server_THREADS))
		return 0;
	return -EAGAIN;
}

/* class installs the filter of a thread's class; without length, none. */
static inline int narrow_small_server_class(uint32_t phase, const struct sock_filter *filter, unsigned long length)
{
	int r = narrow_small_server_claim(phase);

	if (r == 0 && length > 0)
		r = narrow_small_server_install(filter, length, 0);
	if (r == 0)
		narrow_small_server_thread = 1;
	return r;
}

/* ---- Landlock: linux/landlock.h may be older than the kernel, or missing. ---- */

enum { /* sets of LANDLOCK_ACCESS_FS_* and LANDLOCK_ACCESS_NET_* */
	narrow_small_server_FILES = 0xffff,  /* all of ABI 5 */
	narrow_small_server_ON_FILE = 0xc007, /* those that something other than a folder can have */
	narrow_small_server_LIST = 0x8,
	narrow_small_server_READ = 0xc,
	narrow_small_server_WRITE = 0xfffe,
	narrow_small_server_EXECUTE = 0xd,
	narrow_small_server_BIND = 1,
	narrow_small_server_CONNECT = 2
};

/* create makes a ruleset that denies these rights and, where local is 0, other domains' unix sockets. */
static inline int narrow_small_server_create(int *ruleset, long abi, uint32_t fs, uint32_t net, int local)
{
	struct { /* struct landlock_ruleset_attr */
		uint64_t fs;
		uint64_t net;
		uint64_t scoped;
	} attr;
	long r, high;

	attr.fs = fs | (!local && abi >= 9 ? 0x10000 /* RESOLVE_UNIX */ : 0);
	attr.net = net;
	attr.scoped = !local && abi >= 6 ? 1 /* ABSTRACT_UNIX_SOCKET */ : 0;
	if (attr.fs == 0 && attr.net == 0 && attr.scoped == 0)
		return 0; /* nothing that this kernel's Landlock knows; the filter denies the rest */
	r = narrow_small_server_call(narrow_small_server_nr_landlock_create_ruleset, (long)&attr, sizeof(attr), 0, 0, 0);
	if (r < 0)
		return (int)r;
	/* High, so that the program's own descriptors have the numbers that they would have. */
	high = narrow_small_server_call(narrow_small_server_nr_fcntl, r, 1030 /* F_DUPFD_CLOEXEC */, 256, 0, 0);
	if (high >= 0)
		narrow_small_server_call(narrow_small_server_nr_close, r, 0, 0, 0, 0);
	*ruleset = (int)(high >= 0 ? high : r);
	return 0;
}

/* path allows rights on a file, or on all beneath a folder. */
static inline int narrow_small_server_path(int ruleset, const char *path, uint32_t rights, int optional)
{
	struct { /* struct landlock_path_beneath_attr, of which the kernel reads 12 bytes */
		uint64_t rights;
		int32_t fd;
	} rule;
	const long place = 0x280000; /* O_PATH | O_CLOEXEC */
	long fd = narrow_small_server_call(narrow_small_server_nr_openat, -100 /* AT_FDCWD */, (long)path, place, 0, 0);
	long r;

	if (fd < 0)
		return optional && (fd == -ENOENT || fd == -ENOTDIR) ? 0 : (int)fd;
	rule.rights = rights;
	rule.fd = (int32_t)fd;
	r = narrow_small_server_call(narrow_small_server_nr_landlock_add_rule, ruleset, 1 /* PATH_BENEATH */, (long)&rule, 0, 0);
	if (r == -EINVAL) { /* not a folder */
		rule.rights &= narrow_small_server_ON_FILE;
		r = narrow_small_server_call(narrow_small_server_nr_landlock_add_rule, ruleset, 1, (long)&rule, 0, 0);
	}
	narrow_small_server_call(narrow_small_server_nr_close, fd, 0, 0, 0, 0);
	return (int)r;
}

/* ports allows a right on TCP ports. */
static inline int narrow_small_server_ports(int ruleset, uint32_t low, uint32_t high, uint32_t right)
{
	struct { /* struct landlock_net_port_attr */
		uint64_t right;
		uint64_t port;
	} rule;
	long r = 0;

	rule.right = right;
	for (rule.port = low; rule.port <= high && r == 0; rule.port++)
		r = narrow_small_server_call(narrow_small_server_nr_landlock_add_rule, ruleset, 2 /* NET_PORT */, (long)&rule, 0, 0);
	return (int)r;
}

/* ruleset_0 is for phase init: server.narrow:13:1, server.narrow:17:1. */
static inline int narrow_small_server_ruleset_0(long abi)
{
	int *ruleset = &narrow_small_server_rulesets[0];
	int r = narrow_small_server_create(ruleset, abi, narrow_small_server_FILES, narrow_small_server_BIND | narrow_small_server_CONNECT, 0);

	if (r == 0)
		r = narrow_small_server_path(*ruleset, "/etc", narrow_small_server_READ, 0);
	if (r == 0)
		r = narrow_small_server_path(*ruleset, "/usr/share", narrow_small_server_READ, 1);
	if (r == 0)
		r = narrow_small_server_path(*ruleset, "/tmp", narrow_small_server_WRITE, 0);
	if (r == 0)
		r = narrow_small_server_ports(*ruleset, 7000, 7002, narrow_small_server_BIND);
	return r;
}

/* rulesets makes those of all phases, as a later one may not let paths be opened; or none. */
static inline int narrow_small_server_make_rulesets(void)
{
	long abi = narrow_small_server_call(narrow_small_server_nr_landlock_create_ruleset, 0, 0, 1 /* VERSION */, 0, 0);
	int r = abi < 0 ? (int)abi : abi < 5 ? -EOPNOTSUPP : 0;
	int i;

	if (r == 0)
		r = narrow_small_server_ruleset_0(abi);
	for (i = 0; r != 0 && i < 1; i++) {
		if (narrow_small_server_rulesets[i] >= 0)
			narrow_small_server_call(narrow_small_server_nr_close, narrow_small_server_rulesets[i], 0, 0, 0, 0);
		narrow_small_server_rulesets[i] = -1;
	}
	return r;
}

/*
 * Before Linux 7.0 a domain is the calling thread's. So each of the others gets
 * signal 33, which libc keeps for such things and lets nobody block. In its
 * handler it restricts itself, and waits until all have: so nobody can start a
 * thread that would be missed.
 */
struct narrow_small_server_stopped { /* on the stack of a thread that waits */
	struct narrow_small_server_stopped *next;
	long tid;
	long r;
};

__attribute__((weak)) struct narrow_small_server_stopped *narrow_small_server_stop = 0; /* those that wait, the last one first */
__attribute__((weak)) int narrow_small_server_ruleset = -1;      /* what they are restricted by */
__attribute__((weak)) uint32_t narrow_small_server_turn = 0;     /* counts the rulesets */
__attribute__((weak)) uint32_t narrow_small_server_released = 0; /* the last turn that is over */

/* asked is the handler. */
static void narrow_small_server_asked(int signal)
{
	struct narrow_small_server_stopped me;
	uint32_t turn = __atomic_load_n(&narrow_small_server_turn, __ATOMIC_SEQ_CST);

	(void)signal;
	if (__atomic_load_n(&narrow_small_server_released, __ATOMIC_SEQ_CST) == turn)
		return;
	me.tid = narrow_small_server_call(narrow_small_server_nr_gettid, 0, 0, 0, 0, 0);
	me.r = narrow_small_server_call(narrow_small_server_nr_landlock_restrict_self, narrow_small_server_ruleset, 0, 0, 0, 0);
	if (me.r == -EPERM && narrow_small_server_privs() == 0) /* no filter has brought no_new_privs along */
		me.r = narrow_small_server_call(narrow_small_server_nr_landlock_restrict_self, narrow_small_server_ruleset, 0, 0, 0, 0);
	me.next = __atomic_load_n(&narrow_small_server_stop, __ATOMIC_SEQ_CST);
	while (!__atomic_compare_exchange_n(&narrow_small_server_stop, &me.next, &me, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
	while (__atomic_load_n(&narrow_small_server_released, __ATOMIC_SEQ_CST) != turn)
		narrow_small_server_call(narrow_small_server_nr_futex, (long)&narrow_small_server_released, 128 /* FUTEX_WAIT_PRIVATE */,
				   (long)(turn - 1), 0, 0);
}

/* release lets all go that wait. */
static inline void narrow_small_server_release(void)
{
	__atomic_store_n(&narrow_small_server_released, narrow_small_server_turn, __ATOMIC_SEQ_CST);
	narrow_small_server_call(narrow_small_server_nr_futex, (long)&narrow_small_server_released, 129 /* FUTEX_WAKE_PRIVATE */, 0x7fffffff, 0, 0);
}

/* waits finds a thread among those that wait. */
static inline const struct narrow_small_server_stopped *narrow_small_server_waits(long tid)
{
	const struct narrow_small_server_stopped *s = __atomic_load_n(&narrow_small_server_stop, __ATOMIC_SEQ_CST);

	while (s && s->tid != tid)
		s = s->next;
	return s;
}

/* ask signals one thread; 1 if it waits now, 0 if it did before or has ended. */
static inline int narrow_small_server_ask(long pid, long tid)
{
	const long pause[2] = { 0, 50000 }; /* struct timespec */
	const struct narrow_small_server_stopped *s;
	int i;

	if (narrow_small_server_waits(tid) || narrow_small_server_call(narrow_small_server_nr_tgkill, pid, tid, 33, 0, 0) != 0)
		return 0;
	for (i = 0; i < 200000; i++) { /* 10 s */
		s = narrow_small_server_waits(tid);
		if (s)
			return s->r < 0 ? (int)s->r : 1;
		if (narrow_small_server_call(narrow_small_server_nr_tgkill, pid, tid, 0, 0, 0) != 0)
			return 0;
		if (i > 20)
			narrow_small_server_call(narrow_small_server_nr_nanosleep, (long)pause, 0, 0, 0, 0);
		else
			narrow_small_server_call(narrow_small_server_nr_sched_yield, 0, 0, 0, 0, 0);
	}
	return -ETIMEDOUT;
}

/* tasks opens the list of threads. */
static inline long narrow_small_server_tasks(void)
{
	const long flags = narrow_small_server_O_DIRECTORY | 0x80000 /* O_CLOEXEC */;

	return narrow_small_server_call(narrow_small_server_nr_openat, -100 /* AT_FDCWD */, (long)"/proc/self/task", flags, 0, 0);
}

/* ask_listed asks all threads that are listed, but the calling one; 1 if one of them waits only now. */
static inline int narrow_small_server_ask_listed(long pid, long self)
{
	uint64_t buffer[512]; /* struct linux_dirent64: its length is at 16, the name at 19 */
	const char *entry;
	long dir = narrow_small_server_tasks(), n = 0, tid, at;
	int r = dir < 0 ? (int)dir : 0, now = 0, i;

	while (r >= 0 && (n = narrow_small_server_call(narrow_small_server_nr_getdents64, dir, (long)buffer, sizeof(buffer), 0, 0)) > 0)
		for (at = 0; at < n && r >= 0; at += *(const unsigned short *)(const void *)(entry + 16)) {
			entry = (const char *)buffer + at;
			for (tid = 0, i = 19; entry[i] >= '0' && entry[i] <= '9'; i++)
				tid = tid * 10 + (entry[i] - '0');
			if (tid == 0 || tid == self)
				continue;
			r = narrow_small_server_ask(pid, tid);
			now |= r == 1;
		}
	if (dir >= 0)
		narrow_small_server_call(narrow_small_server_nr_close, dir, 0, 0, 0, 0);
	return r < 0 ? r : n < 0 ? (int)n : now;
}

/* ask_all asks until nobody is new, twice, as threads may have started others before they were asked. */
static inline int narrow_small_server_ask_all(int ruleset)
{
	const long size = narrow_small_server_SIGSET;
	long pid = narrow_small_server_call(narrow_small_server_nr_getpid, 0, 0, 0, 0, 0);
	long self = narrow_small_server_call(narrow_small_server_nr_gettid, 0, 0, 0, 0, 0);
	uint32_t action[32], before[32]; /* the kernel's struct sigaction, whose layout libc knows */
	int quiet = 0, r;

	narrow_small_server_ruleset = ruleset;
	narrow_small_server_stop = 0;
	__atomic_add_fetch(&narrow_small_server_turn, 1, __ATOMIC_SEQ_CST);
	narrow_small_server_call(narrow_small_server_nr_rt_sigaction, 64, 0, (long)before, size, 0);
	signal(64, narrow_small_server_asked);
	narrow_small_server_call(narrow_small_server_nr_rt_sigaction, 64, 0, (long)action, size, 0);
	narrow_small_server_call(narrow_small_server_nr_rt_sigaction, 64, (long)before, 0, size, 0);
	action[narrow_small_server_SA_FLAGS] &= 0x3fffffffu; /* not SA_RESETHAND, SA_NODEFER */
	action[narrow_small_server_SA_FLAGS] |= 0x18000000u; /* SA_RESTART, SA_ONSTACK */
	r = (int)narrow_small_server_call(narrow_small_server_nr_rt_sigaction, 33, (long)action, (long)before, size, 0);
	while (r >= 0 && quiet < 2) {
		r = narrow_small_server_ask_listed(pid, self);
		quiet = r == 0 ? quiet + 1 : 0;
	}
	if (r >= 0)
		r = (int)narrow_small_server_call(narrow_small_server_nr_landlock_restrict_self, ruleset, 0, 0, 0, 0);
	narrow_small_server_release();
	if (r != -ETIMEDOUT) /* whose signal may still come */
		narrow_small_server_call(narrow_small_server_nr_rt_sigaction, 33, (long)before, 0, size, 0);
	return r;
}

/* together is 0 if all threads can be restricted. */
static inline int narrow_small_server_together(void)
{
	long dir;

	if (narrow_small_server_alone() ||
	    narrow_small_server_call(narrow_small_server_nr_landlock_restrict_self, -1, 8, 0, 0, 0) == -EBADF)
		return 0;
	dir = narrow_small_server_tasks();
	if (dir < 0)
		return -EBUSY;
	narrow_small_server_call(narrow_small_server_nr_close, dir, 0, 0, 0, 0);
	return 0;
}

/* restrict puts all threads into the domain of a ruleset, which is then closed. */
static inline int narrow_small_server_restrict(int i)
{
	int ruleset = narrow_small_server_rulesets[i];
	const long all = 8; /* LANDLOCK_RESTRICT_SELF_TSYNC */
	long r;

	if (ruleset < 0)
		return 0;
	r = narrow_small_server_call(narrow_small_server_nr_landlock_restrict_self, ruleset, narrow_small_server_alone() ? 0 : all, 0, 0, 0);
	if (r == -EINVAL)
		r = narrow_small_server_ask_all(ruleset);
	if (r == 0) {
		narrow_small_server_rulesets[i] = -1;
		narrow_small_server_call(narrow_small_server_nr_close, ruleset, 0, 0, 0, 0);
	}
	return (int)r;
}

/* ---- The process block. ---- */

/* close closes the descriptors low..high, but for the rulesets. */
static inline int narrow_small_server_close(uint32_t low, uint32_t high)
{
	int i, r;

	for (i = 0; i < 1; i++) {
		uint32_t fd = (uint32_t)narrow_small_server_rulesets[i];

		if (narrow_small_server_rulesets[i] < 0 || fd < low || fd > high)
			continue;
		r = fd > low ? narrow_small_server_close(low, fd - 1) : 0;
		return r != 0 || fd == high ? r : narrow_small_server_close(fd + 1, high);
	}
	return (int)narrow_small_server_call(narrow_small_server_nr_close_range, (long)low, (long)high, 0, 0, 0);
}

/* write_xor_execute sets PR_SET_MDWE, since Linux 6.3. */
static inline int narrow_small_server_write_xor_execute(void)
{
	int r = (int)narrow_small_server_call(narrow_small_server_nr_prctl, 65, 1, 0, 0, 0);

	return r == -EINVAL ? -EOPNOTSUPP : r;
}

/* limit sets a resource limit, soft and hard. */
static inline int narrow_small_server_limit(int resource, uint32_t high, uint32_t low)
{
	uint64_t limit[2];

	limit[0] = limit[1] = (uint64_t)high << 32 | low;
	return (int)narrow_small_server_call(narrow_small_server_nr_prlimit64, 0, resource, (long)limit, 0, 0);
}

/* ---- The phases. ---- */

/* enter_init puts all threads into phase init; server.narrow:19:1. */
__attribute__((unused)) static inline int narrow_small_server_enter_init(void)
{
	int r = narrow_small_server_begin(0);

	if (r != 0)
		return r;
	if (r == 0)
		r = narrow_small_server_supported();
	if (r == 0)
		r = narrow_small_server_make_rulesets();
	if (r == 0)
		r = narrow_small_server_privs();
	if (r == 0)
		r = narrow_small_server_together();
	if (r == 0)
		r = narrow_small_server_close(3u, 0x4u);
	if (r == 0)
		r = narrow_small_server_close(6u, 0xffffffffu);
	if (r == 0)
		r = narrow_small_server_write_xor_execute();
	if (r == 0)
		r = narrow_small_server_limit(narrow_small_server_RLIMIT_CORE, 0x0u, 0x0u);
	if (r == 0)
		r = narrow_small_server_restrict(0);
	if (r == 0)
		r = narrow_small_server_install(narrow_small_server_filter_0_init, sizeof(narrow_small_server_filter_0_init) / sizeof(narrow_small_server_filter_0_init[0]), 1);
	return narrow_small_server_end(0, r);
}

/* enter_serving puts all threads into phase serving (after epoll_wait in main, the policy says); server.narrow:20:1. */
__attribute__((unused)) static inline int narrow_small_server_enter_serving(void)
{
	int r = narrow_small_server_begin(1);

	if (r != 0)
		return r;
	if (r == 0)
		r = narrow_small_server_install(narrow_small_server_filter_1_serving, sizeof(narrow_small_server_filter_1_serving) / sizeof(narrow_small_server_filter_1_serving[0]), 1);
	return narrow_small_server_end(1, r);
}

/* ---- The thread classes. ---- */

/* enter_thread is for a thread that no block of the policy names. */
__attribute__((unused)) static inline int narrow_small_server_enter_thread(void)
{
	uint32_t entered = __atomic_load_n(&narrow_small_server_entered, __ATOMIC_SEQ_CST);

	if (narrow_small_server_thread)
		return -EALREADY;
	switch (entered & ~(uint32_t)narrow_small_server_THREADS) {
	case 2: /* serving */
		return narrow_small_server_class(2, narrow_small_server_filter_1_serving_0_others, sizeof(narrow_small_server_filter_1_serving_0_others) / sizeof(narrow_small_server_filter_1_serving_0_others[0]));
	}
	if (entered & narrow_small_server_BUSY)
		return -EAGAIN;
	return entered == 0 ? -EPERM : -EINVAL;
}

/* enter_thread_main is for a thread of class main. */
__attribute__((unused)) static inline int narrow_small_server_enter_thread_main(void)
{
	uint32_t entered = __atomic_load_n(&narrow_small_server_entered, __ATOMIC_SEQ_CST);

	if (narrow_small_server_thread)
		return -EALREADY;
	switch (entered & ~(uint32_t)narrow_small_server_THREADS) {
	case 2: /* serving */
		return narrow_small_server_class(2, narrow_small_server_filter_1_serving_1_main, sizeof(narrow_small_server_filter_1_serving_1_main) / sizeof(narrow_small_server_filter_1_serving_1_main[0]));
	}
	if (entered & narrow_small_server_BUSY)
		return -EAGAIN;
	return entered == 0 ? -EPERM : -EINVAL;
}

/* enter_thread_mc__ is for a thread of class mc-*. */
__attribute__((unused)) static inline int narrow_small_server_enter_thread_mc__(void)
{
	uint32_t entered = __atomic_load_n(&narrow_small_server_entered, __ATOMIC_SEQ_CST);

	if (narrow_small_server_thread)
		return -EALREADY;
	switch (entered & ~(uint32_t)narrow_small_server_THREADS) {
	case 2: /* serving */
		return narrow_small_server_class(2, narrow_small_server_filter_1_serving_2_mc__, sizeof(narrow_small_server_filter_1_serving_2_mc__) / sizeof(narrow_small_server_filter_1_serving_2_mc__[0]));
	}
	if (entered & narrow_small_server_BUSY)
		return -EAGAIN;
	return entered == 0 ? -EPERM : -EINVAL;
}

#ifdef __cplusplus
}
#endif

#endif /* NARROW_SMALL_SERVER_H */
