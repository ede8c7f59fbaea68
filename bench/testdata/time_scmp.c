/*
 * Times bpf_execute of libseccomp's tools/scmp_bpf_sim.c, which prints what a
 * filter does with one call and ends. Here its exits lead back into a loop.
 *
 *	cc -O2 -fno-inline -I DIR/tools -I DIR/include time_scmp.c DIR/tools/util.c
 *	./a.out FILTER RUNS NR ARCH ARG0 ARG1		prints nanoseconds a run, and the verdict
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void *back[5];
static const char *said;

#define fprintf(stream, ...) (said = FIRST(__VA_ARGS__, ))
#define FIRST(text, ...) text
#define exit(status) __builtin_longjmp(back, 1)
#define main scmp_main
#include "scmp_bpf_sim.c"
#undef main
#undef exit
#undef fprintf

/* apart from the loop, as a longjmp must not lead into its own function */
__attribute__((noinline)) static void run(const struct bpf_program *program, const struct seccomp_data *data)
{
	if (__builtin_setjmp(back) == 0)
		bpf_execute(program, data);
}

int main(int argc, char **argv)
{
	static bpf_instr_raw filter[BPF_PRG_MAX_LEN];
	struct bpf_program program = { 0, filter };
	struct seccomp_data data = { 0 };
	struct timespec start, end;
	FILE *file;

	if (argc != 7 || (file = fopen(argv[1], "r")) == NULL)
		return 2;
	program.i_cnt = fread(filter, sizeof *filter, BPF_PRG_MAX_LEN, file);
	fclose(file);
	data.nr = strtoul(argv[3], NULL, 0);
	arch = data.arch = strtoul(argv[4], NULL, 0);
	data.args[0] = strtoull(argv[5], NULL, 0);
	data.args[1] = strtoull(argv[6], NULL, 0);

	long runs = atol(argv[2]);
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (long i = 0; i < runs; i++)
		run(&program, &data);
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%f %s", ((end.tv_sec - start.tv_sec) * 1e9 + (end.tv_nsec - start.tv_nsec)) / runs, said);
	return 0;
}
