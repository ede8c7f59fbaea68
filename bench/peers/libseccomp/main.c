/* libseccomp as a peer: see package wire. Its argument is the level of
 * SCMP_FLTATR_CTL_OPTIMIZE: 1 a chain, 2 a tree. */
#define _GNU_SOURCE
#include <inttypes.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct rule {
	uint32_t action, nr;
	unsigned count;
	struct scmp_arg_cmp args[6];
};

static uint32_t fallback;
static struct rule rules[8192];
static int count;

static void must(const char *what, int result)
{
	if (result < 0) {
		fprintf(stderr, "%s: %d\n", what, result);
		exit(1);
	}
}

static void read_filter(void)
{
	char name[64];

	if (scanf("default %" SCNu32 "\n", &fallback) != 1)
		exit(2);
	for (struct rule *r = rules; count < 8192 && scanf("rule %" SCNu32 " %" SCNu32 " %63s %u", &r->action, &r->nr, name, &r->count) == 4; r++, count++) {
		for (unsigned i = 0; i < r->count; i++) {
			unsigned arg, op;
			uint64_t value, mask;

			if (scanf(" %u %u %" SCNu64 " %" SCNu64, &arg, &op, &value, &mask) != 4)
				exit(2);
			r->args[i].arg = arg;
			r->args[i].op = op;
			r->args[i].datum_a = op == SCMP_CMP_MASKED_EQ ? mask : value;
			r->args[i].datum_b = value;
		}
		scanf("\n");
	}
}

static void make(int level, int fd)
{
	scmp_filter_ctx filter = seccomp_init(fallback);

	must("ftruncate", ftruncate(fd, 0));
	lseek(fd, 0, SEEK_SET);
	must("optimize", seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, level));
	for (int i = 0; i < count; i++)
		must("rule", seccomp_rule_add_array(filter, rules[i].action, rules[i].nr, rules[i].count, rules[i].args));
	must("export", seccomp_export_bpf(filter, fd));
	seccomp_release(filter);
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
	static uint64_t took[100000];
	int n = 0, fd = memfd_create("filter", 0), level = argc > 1 ? atoi(argv[1]) : 1;
	uint64_t begin = now();
	struct stat st;
	char *bytes;

	read_filter();
	while (n < 5 || (n < 100000 && now() - begin < 200000000)) {
		uint64_t start = now();

		make(level, fd);
		took[n++] = now() - start;
	}
	qsort(took, n, sizeof took[0], compare);
	printf("%" PRIu64 "\n", took[n / 2]);
	fflush(stdout);
	must("fstat", fstat(fd, &st));
	bytes = mmap(NULL, st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	return write(1, bytes, st.st_size) != st.st_size;
}
