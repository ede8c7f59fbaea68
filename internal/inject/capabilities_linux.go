package inject

import (
	"encoding/binary"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// capabilities takes from each thread the capabilities that the policy does not
// keep. The bounding set stays, of which no exec gives anything under
// no_new_privs; the ambient set never exceeds the permitted one.
func (s *step) capabilities() error {
	if s.layers.Capabilities == nil {
		return nil
	}
	for _, t := range s.threads {
		if len(s.extra(t.Status)) == 0 {
			continue
		}
		at, err := s.write(capabilityArgs(t.Status, *s.layers.Capabilities))
		if err != nil {
			return s.wrong(t, ErrNoMemory, err, "")
		}
		if _, err := s.one(t, capset(at)); err != nil {
			return err
		}
		s.partial = true
	}
	return nil
}

// capset is the call whose arguments lie at an address.
func capset(at uint64) call {
	return call{"capset", kernel.Capabilities, unix.SYS_CAPSET, []uint64{at, at + capHeaderSize}}
}

const capHeaderSize = 8 // of struct __user_cap_header_struct: a version, a process id

// capabilityArgs are capset's: the header, then effective, permitted and
// inheritable, the low halves first.
func capabilityArgs(has *kernel.Status, keep kernel.CapSet) []byte {
	words := []uint32{unix.LINUX_CAPABILITY_VERSION_3, 0}
	for shift := 0; shift < 64; shift += 32 {
		for _, set := range [...]kernel.CapSet{has.CapEffective, has.CapPermitted, has.CapInheritable} {
			words = append(words, uint32(set&keep>>shift))
		}
	}
	var b []byte
	for _, w := range words {
		b = binary.NativeEndian.AppendUint32(b, w)
	}
	return b
}

// extra are capabilities of a thread that the policy does not keep.
func (s *step) extra(has *kernel.Status) []string {
	all := has.CapPermitted | has.CapEffective | has.CapInheritable | has.CapAmbient
	return kernel.CapNames(all &^ *s.layers.Capabilities)
}

// capabilitiesSeen looks whether they are gone.
func (s *step) capabilitiesSeen(p plan, now *kernel.Status) error {
	if s.layers.Capabilities == nil {
		return nil
	}
	if extra := s.extra(now); len(extra) > 0 {
		return s.wrong(p.Thread, ErrNotSeen, fmt.Errorf("has capabilities still: %s", strings.Join(extra, ", ")), "")
	}
	return nil
}
