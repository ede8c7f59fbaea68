package verify

import "github.com/narrow-sandbox/narrow/bpf"

// known is every action that the kernel knows, ascending as unsigned numbers.
var known = [...]bpf.Action{bpf.RetKillThread, bpf.RetTrap, bpf.RetErrno, bpf.RetUserNotif,
	bpf.RetTrace, bpf.RetLog, bpf.RetAllow, bpf.RetKillProcess}

// canonical is the least of the values that the kernel treats like a: without
// data that nobody receives, errno's capped. An unknown action kills the
// process but ranks by its number, so it becomes the first unknown one after
// the same known one. As unsigned numbers canonical values never decrease
// when a grows, which split relies on.
func canonical(a bpf.Action) bpf.Action {
	if a.Known() {
		return a.Effect()
	}
	below := known[0]
	for _, k := range known {
		if k < a {
			below = k
		}
	}
	return below + 0x10000
}

// runs reports whether a call may still run: allow, log, trace, notify.
func runs(a bpf.Action) bool {
	switch a.Kind() {
	case bpf.RetUserNotif, bpf.RetTrace, bpf.RetLog, bpf.RetAllow:
		return true
	}
	return false
}
