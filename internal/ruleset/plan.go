// Package ruleset plans the Landlock domains of files and network blocks, and
// makes the rulesets. A Plan is pure: what the kernel's ABI can deny, what the
// policy allows again, and where. Build makes it through a Maker's few calls:
// Here makes them in this process; a tracer makes another process make them.
package ruleset

import (
	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/policy"
)

// Plan is one ruleset: what it handles, that is denies, and what its rules
// allow again. The zero Plan denies nothing.
type Plan struct {
	FS    kernel.AccessFS
	Net   kernel.AccessNet
	Scope kernel.Scope
	Paths []Path
	Ports []Ports
}

// Path allows rights on a file, to which only some apply, or on a folder and
// all beneath.
type Path struct {
	Name     string
	Allowed  kernel.AccessFS
	Optional bool       // it may be missing
	Pos      policy.Pos // of the line that asks for it; zero if none does
}

// Ports allows rights on TCP ports.
type Ports struct {
	Ranges  []policy.Range
	Allowed kernel.AccessNet
}

// Of plans the rulesets of blocks, of which each is a domain of its own: the
// n-th files and the n-th network block share one, as a thread can be in 16 at
// most. What the rights lack is left out; Lacks names it.
func Of(files []*policy.FilesRules, network []*policy.NetworkRules, rights kernel.LandlockRights) []*Plan {
	var plans []*Plan
	for i := range max(len(files), len(network)) {
		var p Plan
		if i < len(files) {
			p.files(files[i], rights)
		}
		if i < len(network) {
			p.network(network[i], rights)
		}
		if !p.Empty() {
			plans = append(plans, &p)
		}
	}
	return plans
}

// Empty reports whether the ruleset would deny nothing.
func (p *Plan) Empty() bool { return p.FS == 0 && p.Net == 0 && p.Scope == 0 }

// files adds a files block: all rights of the ABI are handled but that on unix
// sockets, which is the network block's.
func (p *Plan) files(block *policy.FilesRules, rights kernel.LandlockRights) {
	p.FS |= rights.FS &^ kernel.FSResolveUnix
	for _, rule := range block.Paths {
		p.Paths = append(p.Paths, Path{rule.Path, RightsOf(rule.Right) & p.FS, rule.Optional, rule.Pos})
	}
}

// RightsOf is what a right of the language is to Landlock. Each includes read.
func RightsOf(r policy.Right) kernel.AccessFS {
	const read = kernel.FSReadFile | kernel.FSReadDir
	switch r {
	case policy.Write:
		return read | kernel.FSWriteFile | kernel.FSTruncate | kernel.FSIoctlDev | kernel.FSRefer |
			kernel.FSRemoveDir | kernel.FSRemoveFile | kernel.FSMakeChar | kernel.FSMakeDir | kernel.FSMakeReg |
			kernel.FSMakeSock | kernel.FSMakeFifo | kernel.FSMakeBlock | kernel.FSMakeSym
	case policy.Execute:
		return read | kernel.FSExecute
	}
	return read
}

// network adds a network block. Seccomp denies the socket families that no
// line needs; where the ABI can, Landlock does so once more. The scope of
// signals is left alone: before ABI 8 it breaks Go programs.
func (p *Plan) network(block *policy.NetworkRules, rights kernel.LandlockRights) {
	p.ports(block.BindAny, block.Bind, rights.Net&kernel.NetBindTCP)
	p.ports(block.ConnectAny, block.Connect, rights.Net&kernel.NetConnectTCP)
	if !block.Udp {
		p.Net |= rights.Net & (kernel.NetBindUDP | kernel.NetConnectSendUDP)
	}
	if !block.Unix {
		p.Scope |= rights.Scope & kernel.ScopeAbstractUnix
		p.FS |= rights.FS & kernel.FSResolveUnix
	}
}

func (p *Plan) ports(all bool, ports []policy.Range, right kernel.AccessNet) {
	if all || right == 0 {
		return
	}
	p.Net |= right
	if len(ports) > 0 {
		p.Ports = append(p.Ports, Ports{ports, right})
	}
}

// OnlyExecutable plans a ruleset that leaves only these files executable. Any
// ruleset that is about files denies moving and linking between folders unless
// it says otherwise, and this one is not about that.
func OnlyExecutable(paths []string, rights kernel.LandlockRights) *Plan {
	p := &Plan{FS: rights.FS & (kernel.FSExecute | kernel.FSRefer)}
	if p.FS&kernel.FSRefer != 0 {
		p.Paths = append(p.Paths, Path{Name: "/", Allowed: kernel.FSRefer})
	}
	for _, path := range paths {
		p.Paths = append(p.Paths, Path{Name: path, Allowed: kernel.FSExecute})
	}
	return p
}
