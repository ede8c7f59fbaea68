package main

import (
	"slices"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
)

// parseLine reads one line of --jsonl. Nearly every line of a recorded stream
// is a flat object of short words, which fast reads in one pass; whatever it
// does not know goes to encoding/json, so that both accept the same language.
func (sim *simulator) parseLine(line []byte) (lineCall, error) {
	if c, ok := sim.parseFast(line); ok {
		return c, nil
	}
	return sim.parseSlow(line)
}

// fast is a cursor over a line; every method reports failure by ok=false,
// which sends the line to the slow parser.
type fast struct {
	line []byte
	at   int
}

func (f *fast) skip() {
	for f.at < len(f.line) && (f.line[f.at] == ' ' || f.line[f.at] == '\t') {
		f.at++
	}
}

// eat skips blanks and takes c if it comes next.
func (f *fast) eat(c byte) bool {
	f.skip()
	if f.at < len(f.line) && f.line[f.at] == c {
		f.at++
		return true
	}
	return false
}

// word is a string of printable ASCII without escapes, or a bare number. What
// else JSON allows or forbids in a string is for the slow parser to know.
func (f *fast) word() (text []byte, quoted, ok bool) {
	f.skip()
	if f.at < len(f.line) && f.line[f.at] == '"' {
		end := slices.Index(f.line[f.at+1:], '"')
		if end < 0 {
			return nil, false, false
		}
		text = f.line[f.at+1 : f.at+1+end]
		f.at += end + 2
		return text, true, !slices.ContainsFunc(text, func(c byte) bool { return c < ' ' || c > '~' || c == '\\' })
	}
	start := f.at
	for f.at < len(f.line) && f.line[f.at] >= '0' && f.line[f.at] <= '9' {
		f.at++
	}
	return f.line[start:f.at], false, f.at > start
}

// number reads a plain decimal or 0x number of at most 64 bits.
func number(text []byte) (v uint64, ok bool) {
	if len(text) > 2 && text[0] == '0' && text[1] == 'x' {
		return hexNumber(text[2:])
	}
	if len(text) == 0 || len(text) > 18 || len(text) > 1 && text[0] == '0' {
		return 0, false
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		v = v*10 + uint64(c-'0')
	}
	return v, true
}

func hexNumber(text []byte) (v uint64, ok bool) {
	if len(text) > 16 {
		return 0, false
	}
	for _, c := range text {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		v = v<<4 | uint64(c)
	}
	return v, true
}

// parseFast reads {"arch":NAME,"nr":N,"ip":"0x0","args":[...]} with keys in any
// order, and with "phase" and "thread".
func (sim *simulator) parseFast(line []byte) (c lineCall, ok bool) {
	f := fast{line: line}
	if !f.eat('{') {
		return c, false
	}
	var arch, nr fastWord // understood once both are known
	for {
		key, quoted, ok := f.word()
		if !ok || !quoted || !f.eat(':') {
			return c, false
		}
		switch string(key) {
		case "arch":
			ok = f.take(&arch)
		case "nr":
			ok = f.take(&nr)
		case "ip":
			c.data.IP, ok = f.value(64)
		case "args":
			ok = f.words(&c.data.Args)
		case "phase":
			c.phase, ok = f.plain()
		case "thread":
			c.thread, ok = f.plain()
			c.hasThread = true
		default:
			ok = false
		}
		switch {
		case !ok:
			return c, false
		case f.eat('}'):
			f.skip()
			return c, f.at == len(f.line) && sim.fastNumber(arch, nr, &c.data)
		case !f.eat(','):
			return c, false
		}
	}
}

// fastWord is a word that is not understood yet; the zero value was not there.
type fastWord struct {
	text   []byte
	quoted bool
}

func (f *fast) take(w *fastWord) (ok bool) {
	w.text, w.quoted, ok = f.word()
	return ok
}

// plain is a string that says what its bytes say.
func (f *fast) plain() (string, bool) {
	text, quoted, ok := f.word()
	return string(text), ok && quoted
}

// fastNumber reads arch and nr into d as rawArch and rawNumber do.
func (sim *simulator) fastNumber(arch, nr fastWord, d *bpf.Data) bool {
	names := sim.arch // what a call's name would be of
	if arch.text != nil {
		if names = sim.archNamed(string(arch.text)); !arch.quoted || names == nil {
			v, ok := number(arch.text)
			if !ok || v>>32 != 0 {
				return false
			}
			d.Arch = uint32(v)
			names, _ = abi.ByAudit(d.Arch, 0)
			return fastNr(names, nr, d)
		}
	}
	d.Arch = names.Audit
	return fastNr(names, nr, d)
}

func fastNr(arch *abi.Arch, nr fastWord, d *bpf.Data) bool {
	if v, ok := number(nr.text); ok {
		d.Nr = uint32(v)
		return v>>32 == 0
	}
	if !nr.quoted || arch == nil {
		return false
	}
	call, ok := arch.Call(string(nr.text))
	if ok {
		d.Nr = call.Nr
	}
	return ok
}

// value is a number of at most so many bits, quoted or not.
func (f *fast) value(bits int) (uint64, bool) {
	text, _, ok := f.word()
	if !ok {
		return 0, false
	}
	v, ok := number(text)
	return v, ok && v>>(bits-1)>>1 == 0
}

// words is the array of arguments.
func (f *fast) words(args *[6]uint64) bool {
	*args = [6]uint64{} // the last of several counts
	if !f.eat('[') {
		return false
	}
	if f.eat(']') {
		return true
	}
	for i := range args {
		v, ok := f.value(64)
		if !ok {
			return false
		}
		args[i] = v
		if f.eat(']') {
			return true
		}
		if !f.eat(',') {
			return false
		}
	}
	return false
}
