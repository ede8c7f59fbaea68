/* Makes a filter with libseccomp, for TestLibseccompMeansItsRules.
 *
 * Reads from standard input, a line each:
 *	filter ARCH DEFAULT TREE	the audit arch, the default action, 1 for libseccomp's tree
 *	rule ACTION NAME COUNT [ARG OP A B]...	COUNT comparisons; OP is an enum scmp_compare
 * and writes struct sock_filter to standard output.
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
	scmp_filter_ctx filter = NULL;
	uint32_t arch, action;
	int nr, count, tree;
	char name[64];

	if (scanf("filter %" SCNu32 " %" SCNu32 " %d\n", &arch, &action, &tree) != 3)
		return 2;
	filter = seccomp_init(action);
	if (!filter)
		return 1;
	if (arch != seccomp_arch_native()) {
		must("arch_remove", seccomp_arch_remove(filter, SCMP_ARCH_NATIVE));
		must("arch_add", seccomp_arch_add(filter, arch));
	}
	if (tree)
		must("attr_set", seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2));
	while (scanf("rule %" SCNu32 " %63s %d", &action, name, &count) == 3) {
		struct scmp_arg_cmp args[6];

		/* The number on this machine, or a negative one: libseccomp translates. */
		nr = seccomp_syscall_resolve_name(name);

		for (int i = 0; i < count; i++) {
			unsigned arg, op;

			if (scanf(" %u %u %" SCNu64 " %" SCNu64, &arg, &op, &args[i].datum_a, &args[i].datum_b) != 4)
				return 2;
			args[i].arg = arg;
			args[i].op = op;
		}
		scanf("\n");
		must(name, seccomp_rule_add_exact_array(filter, action, nr, count, args));
	}
	must("export", seccomp_export_bpf(filter, STDOUT_FILENO));
	return 0;
}
