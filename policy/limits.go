package policy

// What a text may not exceed. Each limit is far beyond any policy that a
// person could read, and keeps what a hostile text can cost small.
const (
	// maxText is the longest text, in bytes. The longest allow-list that we
	// know of, Docker's, has 25 kB; one megabyte of the shortest calls makes
	// half a million of them, some 100 MB of syntax, parsed within a second.
	maxText = 1 << 20

	// maxDepth is how many blocks may stand within each other. A thread in a
	// phase with a `when` needs three; the parser recurses once a block.
	maxDepth = 32

	// maxName is the longest name of a policy, phase, param, set, call,
	// argument or constant, in bytes: C promises to tell 63 letters apart, and
	// names become identifiers in C headers. The longest kernel name has 30.
	maxName = 64

	// maxWord is the longest path or other word: PATH_MAX of
	// include/uapi/linux/limits.h, with its NUL.
	maxWord = 4095

	// maxThread is the longest name of a thread that /proc shows:
	// TASK_COMM_LEN of include/linux/sched.h without its NUL.
	maxThread = 15

	// maxErrors is how many errors are listed; the rest is counted. Who wrote
	// more wrote something else.
	maxErrors = 100
)
