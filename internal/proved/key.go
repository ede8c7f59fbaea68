package proved

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
)

// key is the hash of a question with all that its answer depends on. Every
// part is written with its length, so that no two questions read alike.
type key struct {
	digest hash.Hash
	buf    []byte // not written into it yet
}

// spill is how much is gathered before it is hashed.
const spill = 1 << 12

func emptyKey() *key { return &key{sha256.New(), make([]byte, 0, 2*spill)} }

func newKey(question string) *key {
	k := emptyKey()
	k.text(verifier)
	k.text(question)
	return k
}

// hash ends the key.
func (k *key) hash() (sum [sha256.Size]byte) {
	k.digest.Write(k.buf)
	k.digest.Sum(sum[:0])
	return sum
}

// name is the hash as a file's name.
func (k *key) name() string {
	sum := k.hash()
	return hex.EncodeToString(sum[:])
}

func (k *key) number(v uint64) {
	if k.buf = binary.LittleEndian.AppendUint64(k.buf, v); len(k.buf) >= spill {
		k.digest.Write(k.buf)
		k.buf = k.buf[:0]
	}
}

func (k *key) text(s string) {
	k.number(uint64(len(s)))
	k.buf = append(k.buf, s...)
}

func (k *key) program(p bpf.Program) {
	k.number(uint64(len(p)))
	for _, in := range p {
		k.number(uint64(in.Code)<<48 | uint64(in.Jt)<<40 | uint64(in.Jf)<<32 | uint64(in.K))
	}
}

// rules writes what decides: no place and no text of a rule does.
func (k *key) rules(r *policy.Rules) {
	k.verdict(r.Else)
	k.number(uint64(len(r.Arches)))
	for _, a := range r.Arches {
		k.text(a.Arch.Name)
		k.number(uint64(a.Arch.Audit)<<32 | uint64(a.Arch.NumberBit))
		k.number(uint64(a.Arch.Register))
		k.number(uint64(len(a.Lists)))
		for _, list := range a.Lists {
			k.number(uint64(len(list)))
			for _, rule := range list {
				k.rule(rule)
			}
		}
	}
}

func (k *key) rule(r *policy.RuleMatch) {
	k.verdict(r.Verdict)
	k.ranges(r.Numbers)
	k.number(uint64(len(r.Conds)))
	for i := range r.Conds {
		c := &r.Conds[i]
		k.number(uint64(uint8(c.Operand.Reg))<<16 | uint64(uint8(c.Operand.High))<<8 | uint64(c.Operand.Bits))
		k.number(c.Mask)
		k.ranges(c.Ranges)
	}
}

func (k *key) ranges(rs []policy.Range) {
	k.number(uint64(len(rs)))
	for _, r := range rs {
		k.number(r.Low)
		k.number(r.High)
	}
}

func (k *key) verdict(v policy.Verdict) { k.number(uint64(v.Kind)<<32 | uint64(v.Data)) }
