/* Makes a filter with libseccomp as runc does, for TestRuncsFilter.
 *
 * Reads from standard input, a line each:
 *	filter DEFAULT			the default action
 *	arch ARCH			one more audit arch
 *	rule ACTION NAME COUNT [ARG OP A B]...	COUNT comparisons; OP is an enum scmp_compare
 * and writes struct sock_filter to standard output, and to standard error the
 * names that libseccomp does not know, which runc leaves out.
 */
#include <inttypes.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void must(const char *what, int result)
{
	if (result < 0) {
		fprintf(stderr, "%s: %d\n", what, result);
		exit(1);
	}
}

int main(void)
{
	scmp_filter_ctx filter;
	uint32_t arch, action;
	int nr, count;
	char name[64];

	if (scanf("filter %" SCNu32 "\n", &action) != 1)
		return 2;
	filter = seccomp_init(action);
	if (!filter)
		return 1;
	while (scanf("arch %" SCNu32 "\n", &arch) == 1)
		if (arch != seccomp_arch_native())
			must("arch_add", seccomp_arch_add(filter, arch));
	while (scanf("rule %" SCNu32 " %63s %d", &action, name, &count) == 3) {
		struct scmp_arg_cmp args[6];

		for (int i = 0; i < count; i++) {
			unsigned arg, op;

			if (scanf(" %u %u %" SCNu64 " %" SCNu64, &arg, &op, &args[i].datum_a, &args[i].datum_b) != 4)
				return 2;
			args[i].arg = arg;
			args[i].op = op;
		}
		scanf("\n");
		nr = seccomp_syscall_resolve_name(name);
		if (nr == __NR_SCMP_ERROR)
			fprintf(stderr, "unknown %s\n", name);
		else
			must(name, seccomp_rule_add_array(filter, action, nr, count, args));
	}
	must("export", seccomp_export_bpf(filter, STDOUT_FILENO));
	return 0;
}
