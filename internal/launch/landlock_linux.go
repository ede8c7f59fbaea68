package launch

import (
	"errors"
	"fmt"

	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/policy"
)

// domain is one Landlock ruleset being planned: what it handles, that is
// denies, and what its rules allow again.
type domain struct {
	fs    kernel.AccessFS
	net   kernel.AccessNet
	scope kernel.Scope
	paths []pathGrant
	ports []portGrant
}

type pathGrant struct {
	path     string
	allowed  kernel.AccessFS
	optional bool
	pos      policy.Pos
}

type portGrant struct {
	ports   []policy.Range
	allowed kernel.AccessNet
}

// landlock plans the domains of the files and network blocks, and the one that
// leaves only the program itself executable where the filter has an execve
// that the policy does not want.
func (p *planner) landlock(guard bool) (*step, []error) {
	if !guard && len(p.entry.files) == 0 && len(p.entry.network) == 0 {
		return nil, nil
	}
	s := &step{layer: kernel.Landlock, does: append(describeFiles(p.entry.files), describeNetwork(p.entry.network)...)}
	if guard {
		s.does = append(s.does, "nothing executable but the program and what it starts by: "+join(p.program.chain))
	}
	version, err := p.features.Landlock()
	if err != nil {
		s.lacks, s.unseen = []error{err}, "not applied"
		return s, nil
	}
	s.does = append(s.does, fmt.Sprintf("Landlock ABI %d", version))
	s.lacks = lacksOfLandlock(version, p.entry)
	domains := blockDomains(p.entry, kernel.RightsOf(version))
	if guard {
		domains = append(domains, guardDomain(p.program.chain, version))
	}
	rulesets, reasons := buildAll(domains)
	if len(reasons) == 0 {
		reasons = p.mayExecute()
	}
	evidence := &evidence{entry: p.entry, guard: guard, chain: p.program.chain, ports: version >= abiNetwork}
	s.apply = func() error { return evidence.around(func() error { return enterAll(rulesets) }) }
	s.seen = func(*kernel.Status) (string, error) { return evidence.String(), nil }
	s.close = func() {
		for _, fd := range rulesets {
			kernel.Close(fd)
		}
	}
	return s, reasons
}

func enterAll(rulesets []int) error {
	for _, fd := range rulesets {
		if err := kernel.LandlockRestrictSelf(fd); err != nil {
			return err
		}
	}
	return nil
}

// Which ABI of Landlock a block needs, to be enforced whole.
const (
	abiFiles   = 5 // truncate (3) and device ioctl (5)
	abiNetwork = 4 // TCP ports
)

// lacksOfLandlock lists what this version cannot control.
func lacksOfLandlock(version int, e *entry) []error {
	var lacks []error
	lack := func(name string, needs int) {
		lacks = append(lacks, &kernel.UnsupportedFeatureError{Name: name, Minimum: kernel.LandlockSince(needs)})
	}
	if len(e.files) > 0 {
		switch {
		case version < 3:
			lack("Landlock control over truncate and device ioctl", abiFiles)
		case version < abiFiles:
			lack("Landlock control over device ioctl", abiFiles)
		}
	}
	for _, n := range e.network {
		if version < abiNetwork && !(n.BindAny && n.ConnectAny) {
			lack("Landlock control over TCP ports", abiNetwork)
			break
		}
	}
	return lacks
}

// blockDomains makes a domain of each files block and each network block, the
// n-th of both in one, as the kernel stacks 16 at most.
func blockDomains(e *entry, rights kernel.LandlockRights) []*domain {
	domains := make([]*domain, max(len(e.files), len(e.network)))
	for i := range domains {
		domains[i] = &domain{}
	}
	for i, block := range e.files {
		domains[i].files(block, rights)
	}
	for i, block := range e.network {
		domains[i].network(block, rights)
	}
	kept := domains[:0]
	for _, d := range domains {
		if d.fs != 0 || d.net != 0 || d.scope != 0 {
			kept = append(kept, d)
		}
	}
	return kept
}

// files adds a files block: all rights of the ABI are handled but that on unix
// sockets, which is the network block's.
func (d *domain) files(block *policy.FilesRules, rights kernel.LandlockRights) {
	d.fs |= rights.FS &^ kernel.FSResolveUnix
	for _, rule := range block.Paths {
		d.paths = append(d.paths, pathGrant{rule.Path, rightsOf(rule.Right) & d.fs, rule.Optional, rule.Pos})
	}
}

// rightsOf is what a right of the language is to Landlock. Each includes read.
func rightsOf(r policy.Right) kernel.AccessFS {
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
func (d *domain) network(block *policy.NetworkRules, rights kernel.LandlockRights) {
	add := func(all bool, ports []policy.Range, right kernel.AccessNet) {
		if !all && rights.Net&right != 0 {
			d.net |= right
			d.ports = append(d.ports, portGrant{ports, right})
		}
	}
	add(block.BindAny, block.Bind, kernel.NetBindTCP)
	add(block.ConnectAny, block.Connect, kernel.NetConnectTCP)
	if !block.Udp {
		d.net |= rights.Net & (kernel.NetBindUDP | kernel.NetConnectSendUDP)
	}
	if !block.Unix {
		d.scope |= rights.Scope & kernel.ScopeAbstractUnix
		d.fs |= rights.FS & kernel.FSResolveUnix
	}
}

// guardDomain leaves only the files of the chain executable. Any ruleset that
// is about files denies moving and linking between folders unless it says
// otherwise, and this one is not about that.
func guardDomain(chain []string, version int) *domain {
	d := &domain{fs: kernel.FSExecute}
	if version >= 2 {
		d.fs |= kernel.FSRefer
		d.paths = append(d.paths, pathGrant{path: "/", allowed: kernel.FSRefer})
	}
	for _, path := range chain {
		d.paths = append(d.paths, pathGrant{path: path, allowed: kernel.FSExecute})
	}
	return d
}

// buildAll makes the rulesets. The errors are those of all paths.
func buildAll(domains []*domain) (rulesets []int, reasons []error) {
	for _, d := range domains {
		fd, errs := d.build()
		if fd >= 0 {
			rulesets = append(rulesets, fd)
		}
		reasons = append(reasons, errs...)
	}
	return rulesets, reasons
}

func (d *domain) build() (ruleset int, reasons []error) {
	ruleset, err := kernel.LandlockCreateRuleset(d.fs, d.net, d.scope)
	if err != nil {
		return -1, []error{err}
	}
	for _, g := range d.paths {
		if err := g.add(ruleset); err != nil {
			reasons = append(reasons, err)
		}
	}
	for _, g := range d.ports {
		if err := g.add(ruleset); err != nil {
			reasons = append(reasons, err)
		}
	}
	return ruleset, reasons
}

// add allows the path: a folder and all beneath, or one file, to which only
// some rights apply.
func (g pathGrant) add(ruleset int) error {
	fd, err := kernel.OpenPath(g.path)
	switch {
	case err != nil && missing(err) && g.optional:
		return nil
	case err != nil && missing(err) && g.pos.File != "":
		return fmt.Errorf("%v: %s does not exist; write %s? if it may be missing", g.pos, g.path, g.path)
	case err != nil && g.pos.File != "":
		return fmt.Errorf("%v: %s: %w", g.pos, g.path, errors.Unwrap(err))
	case err != nil:
		return fmt.Errorf("%s: %w", g.path, errors.Unwrap(err))
	}
	defer kernel.Close(fd)
	place, err := kernel.PlaceOf(fd)
	if err != nil {
		return err
	}
	allowed := g.allowed
	if !place.Folder {
		allowed &= kernel.FSOnFile
	}
	if allowed == 0 {
		return nil
	}
	return kernel.LandlockAddPath(ruleset, fd, allowed)
}

func (g portGrant) add(ruleset int) error {
	for _, r := range g.ports {
		for port := r.Low; port <= r.High && port <= 1<<16-1; port++ {
			if err := kernel.LandlockAddPort(ruleset, uint16(port), g.allowed); err != nil {
				return err
			}
		}
	}
	return nil
}
