package main

// allSections are the sections in the order in which they run.
func allSections() []section {
	return []section{
		{"memcached", "memcached's CPU per operation",
			"CPU (user and system, all threads) that memcached spends on one operation", memcachedRows},
		{"phases", "what memcached's phases cost",
			"what memcached's init takes until main first waits for clients; and for how long all threads then stand still", phaseRows},
		{"start", "what `narrow run` adds to starting a program",
			"from the start of the process to its end; the result is what narrow adds", startRows},
		{"kernel", "what a filter costs a call in the kernel",
			"CPU per call in a loop, pinned to one processor", kernelRows},
		{"policy", "from a policy's text to a program",
			"in one process, each round from the text on", policyRows},
		{"command", "the command, as whole processes",
			"from start to end, output to a file", commandRows},
		{"vm", "the virtual machine",
			"one run of a program on a call; without narrow it is golang.org/x/net/bpf's machine, or libseccomp's", vmRows},
		{"assembler", "assembler and disassembler",
			"lines a second, in the best round; without narrow it is bpfc, a process for each program", assemblerRows},
		{"peers", "narrow and its peers", "", nil},
	}
}

// reportsOf is what measures a section whose tables have columns of their own,
// nil for any other.
func reportsOf(section string) func(*bench) ([]report, error) {
	if section == "peers" {
		return peerReports
	}
	return nil
}
