package kernel

// Limit is a soft and a hard limit of a process, Infinity for none.
type Limit struct{ Soft, Hard uint64 }

// Infinity is RLIM_INFINITY.
const Infinity = ^uint64(0)
