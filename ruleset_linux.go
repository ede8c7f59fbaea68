package narrow

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/policy"
)

// ruleset is what a domain denies, and what its rules allow again.
type ruleset struct {
	fs    kernel.AccessFS
	net   kernel.AccessNet
	scope kernel.Scope
	paths []policy.PathRule
	ports []portRule
}

type portRule struct {
	ports   []policy.Range
	allowed kernel.AccessNet
}

// files adds a files block. The right on unix sockets is the network block's.
func (r *ruleset) files(block *policy.FilesRules, rights kernel.LandlockRights) {
	r.fs |= rights.FS &^ kernel.FSResolveUnix
	r.paths = append(r.paths, block.Paths...)
}

// network adds a network block. Signals are left alone: before ABI 8 their
// scope breaks Go programs.
func (r *ruleset) network(block *policy.NetworkRules, rights kernel.LandlockRights) {
	add := func(all bool, ports []policy.Range, right kernel.AccessNet) {
		if !all && rights.Net&right != 0 {
			r.net |= right
			r.ports = append(r.ports, portRule{ports, right})
		}
	}
	add(block.BindAny, block.Bind, kernel.NetBindTCP)
	add(block.ConnectAny, block.Connect, kernel.NetConnectTCP)
	if !block.Udp {
		r.net |= rights.Net & (kernel.NetBindUDP | kernel.NetConnectSendUDP)
	}
	if !block.Unix {
		r.scope |= rights.Scope & kernel.ScopeAbstractUnix
		r.fs |= rights.FS & kernel.FSResolveUnix
	}
}

// fill adds the rules to the kernel's ruleset.
func (r *ruleset) fill(fd int) error {
	var wrong []error
	for _, rule := range r.paths {
		wrong = append(wrong, r.addPath(fd, rule))
	}
	if extra := extraFolder(); extra != "" && r.fs&kernel.FSReadDir != 0 {
		wrong = append(wrong, allowPath(fd, extra, kernel.FSReadDir))
	}
	for _, rule := range r.ports {
		wrong = append(wrong, rule.add(fd))
	}
	return errors.Join(wrong...)
}

func (r *ruleset) addPath(fd int, rule policy.PathRule) error {
	err := allowPath(fd, rule.Path, rightsOf(rule.Right)&r.fs)
	missing := errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ENOTDIR)
	switch {
	case err == nil || missing && rule.Optional:
		return nil
	case missing:
		return fmt.Errorf("%v: %s does not exist; write %s? if it may be missing", rule.Pos, rule.Path, rule.Path)
	}
	return fmt.Errorf("%v: %s: %w", rule.Pos, rule.Path, err)
}

// allowPath allows the rights on a file, to which only some apply, or on a
// folder and all beneath.
func allowPath(ruleset int, path string, allowed kernel.AccessFS) error {
	fd, err := kernel.OpenPath(path)
	if err != nil {
		return err
	}
	defer kernel.Close(fd)
	place, err := kernel.PlaceOf(fd)
	if err != nil {
		return err
	}
	if !place.Folder {
		allowed &= kernel.FSOnFile
	}
	if allowed == 0 {
		return nil
	}
	return kernel.LandlockAddPath(ruleset, fd, allowed)
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

func (p portRule) add(ruleset int) error {
	for _, r := range p.ports {
		for port := r.Low; port <= r.High && port < 1<<16; port++ {
			if err := kernel.LandlockAddPort(ruleset, uint16(port), p.allowed); err != nil {
				return err
			}
		}
	}
	return nil
}
