// Carries out a script of calls on a libseccomp context (see differ_test.go).
// Prints what each call returned on standard error, the program on standard
// output: as bpf or as pfc. With resolve it answers names with numbers.
#include <inttypes.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>

static scmp_filter_ctx ctx;

static int rule(int exact)
{
	uint32_t action;
	int nr;
	unsigned int n;
	struct scmp_arg_cmp args[16];
	if (scanf("%" SCNu32 " %d %u", &action, &nr, &n) != 3 || n > 16)
		return -1000;
	for (unsigned int i = 0; i < n; i++) {
		int op;
		uint64_t a, b;
		if (scanf("%u %d %" SCNu64 " %" SCNu64, &args[i].arg, &op, &a, &b) != 4)
			return -1000;
		args[i].op = op;
		args[i].datum_a = a;
		args[i].datum_b = b;
	}
	if (exact)
		return seccomp_rule_add_exact_array(ctx, action, nr, n, args);
	return seccomp_rule_add_array(ctx, action, nr, n, args);
}

// resolve answers lines of an architecture's token and a call's name.
static int resolve(void)
{
	uint32_t arch;
	char name[64];
	while (scanf("%" SCNu32 " %63s", &arch, name) == 2)
		printf("%d\n", seccomp_syscall_resolve_name_arch(arch, name));
	return 0;
}

int main(int argc, char **argv)
{
	char verb[32];
	if (argc > 1 && !strcmp(argv[1], "resolve"))
		return resolve();
	while (scanf("%31s", verb) == 1) {
		int rc = -1000;
		uint32_t v = 0;
		if (!strcmp(verb, "rule") || !strcmp(verb, "exact")) {
			rc = rule(!strcmp(verb, "exact"));
		} else if (!strcmp(verb, "priority")) {
			int nr;
			if (scanf("%d %" SCNu32, &nr, &v) != 2)
				return 1;
			rc = seccomp_syscall_priority(ctx, nr, v);
		} else {
			if (scanf("%" SCNu32, &v) != 1)
				return 1;
			if (!strcmp(verb, "init"))
				rc = (ctx = seccomp_init(v)) ? 0 : -22;
			else if (!strcmp(verb, "arch"))
				rc = seccomp_arch_add(ctx, v);
			else if (!strcmp(verb, "noarch"))
				rc = seccomp_arch_remove(ctx, v);
			else if (!strcmp(verb, "badarch"))
				rc = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, v);
			else if (!strcmp(verb, "skip"))
				rc = seccomp_attr_set(ctx, SCMP_FLTATR_API_TSKIP, v);
			else if (!strcmp(verb, "optimize"))
				rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, v);
		}
		if (rc == -1000)
			return 1;
		fprintf(stderr, "%d\n", rc);
	}
	if (argc > 1 && !strcmp(argv[1], "pfc"))
		return -seccomp_export_pfc(ctx, 1);
	return -seccomp_export_bpf(ctx, 1);
}
