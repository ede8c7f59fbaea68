// Package launch starts a program inside the layers that a policy asks for.
//
// Run turns the process that calls it into the program: descriptors, ids and
// capabilities, label, no_new_privs, Landlock, seccomp, then execve, so that
// pid, parent, terminal, signals, descriptors and exit status are the
// program's own and nothing of narrow is left. What was asked for is read back
// from /proc before the program starts; if anything is missing, it does not
// start.
//
// # Two threads
//
// The filter need not allow a single call of ours. So the thread that becomes
// the program installs it and then only spins, and a second thread of the same
// process, which no layer has touched, looks at the first one in /proc, writes
// the report, sets the limits, and lets it call execve, which ends all other
// threads. If execve fails, the second thread says so and exits. No helper
// process is needed, so none can stay behind, and the program has no child
// that it does not know.
//
// # The one execve
//
// A filter that is on before exec must let that exec through. Where the policy
// does not, the filter gets one more rule: execve with exactly the three
// pointers that this start uses, at addresses that are drawn at random, that
// the program is never told and that do not outlive the exec. Should they be
// guessed, Landlock leaves only the program itself and its loader executable.
//
// # What Go's runtime changes, and what is put back
//
// The runtime has overwritten signal dispositions, a part of the signal mask
// and the soft limit on descriptors before main runs. They are put back just
// before the filter, which also means that no handler of the runtime ever runs
// on the confined thread. The dispositions are found by the binary's symbol
// table; in a stripped one (`go run`, -ldflags -s) only SIGHUP and SIGINT stay
// ignored. One thing cannot be put back: of descriptors 0, 1 and 2, those that
// were closed are open on /dev/null.
//
// # With a tracer
//
// Later phases, thread classes, death reports and audits take a tracer beside
// the program (internal/tracer), which is started before anything is changed.
// Then this process applies what a thread does for itself, up to no_new_privs,
// and the tracer puts Landlock and the filters on at the exec event; so neither
// the one execve nor the guard is needed.
//
// # What is refused
//
// `trace` and `notify`, whose answers nobody gives, mode 1 at the start, and a
// later phase's label.
package launch
