package scmp_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/narrow-sandbox/narrow/bpf"
)

// pseudo is pseudo code, parsed: an independent reading of what
// seccomp_export_pfc(3) writes. A branch without an answer leaves it to what
// follows.
type pseudo struct {
	cond     func(*bpf.Data) bool // nil: always
	arch     uint64               // that it compares with, or 0
	action   *bpf.Action
	yes, not []*pseudo
}

var (
	conditionLine = regexp.MustCompile(`^if \(\$(\w+(?:\.\w+)?)(?: & (0x\w+))? (==|>=|>) (\d+)\)$`)
	actionLine    = regexp.MustCompile(`^action (\w+)(?:\((\d+)\))?;$`)
)

// parsePFC reads the text by its indentation.
func parsePFC(t *testing.T, text string) *pseudo {
	t.Helper()
	var lines []string
	for _, l := range strings.Split(text, "\n") {
		if trimmed := strings.TrimSpace(l); trimmed != "" && !strings.HasPrefix(trimmed, "#") {
			lines = append(lines, l)
		}
	}
	p := &pfcParser{t: t, lines: lines}
	return &pseudo{yes: oneDefault(p.block(0))}
}

// oneDefault takes the default action from the first of two sections with the
// same audit arch, those of x86_64 and x32, which the program has together.
func oneDefault(sections []*pseudo) []*pseudo {
	for i, a := range sections {
		for _, b := range sections[i+1:] {
			if a.arch != 0 && a.arch == b.arch {
				a.yes = a.yes[:len(a.yes)-1]
			}
		}
	}
	return sections
}

type pfcParser struct {
	t     *testing.T
	lines []string
}

func (p *pfcParser) depth() int {
	if len(p.lines) == 0 {
		return -1
	}
	return (len(p.lines[0]) - len(strings.TrimLeft(p.lines[0], " "))) / 2
}

// block reads the lines of one depth.
func (p *pfcParser) block(depth int) (all []*pseudo) {
	for p.depth() == depth {
		line := strings.TrimSpace(p.lines[0])
		p.lines = p.lines[1:]
		if strings.HasPrefix(line, "else") {
			all[len(all)-1].not = p.block(depth + 1)
			continue
		}
		if m := actionLine.FindStringSubmatch(line); m != nil {
			a := p.action(m[1], m[2])
			all = append(all, &pseudo{action: &a})
			continue
		}
		m := conditionLine.FindStringSubmatch(line)
		if m == nil {
			p.t.Fatalf("what is %q?", line)
		}
		c := &pseudo{cond: condition(m), yes: p.block(depth + 1)}
		if m[1] == "arch" {
			c.arch, _ = strconv.ParseUint(m[4], 10, 32)
		}
		all = append(all, c)
	}
	return all
}

func (p *pfcParser) action(name, data string) bpf.Action {
	n, _ := strconv.Atoi(data)
	kinds := map[string]bpf.Action{"KILL_PROCESS": bpf.RetKillProcess, "KILL": bpf.RetKillThread, "TRAP": bpf.RetTrap,
		"ERRNO": bpf.RetErrno, "TRACE": bpf.RetTrace, "LOG": bpf.RetLog, "ALLOW": bpf.RetAllow}
	kind, ok := kinds[name]
	if !ok {
		p.t.Fatalf("what is the action %q?", name)
	}
	return kind | bpf.Action(n)
}

// condition is one comparison of words.
func condition(m []string) func(*bpf.Data) bool {
	operand, op := m[1], m[3]
	datum, _ := strconv.ParseUint(m[4], 10, 32)
	mask := uint64(1<<32 - 1)
	if m[2] != "" {
		mask, _ = strconv.ParseUint(m[2], 0, 32)
	}
	return func(d *bpf.Data) bool {
		v := word(d, operand) & mask
		switch op {
		case ">":
			return v > datum
		case ">=":
			return v >= datum
		}
		return v == datum
	}
}

func word(d *bpf.Data, operand string) uint64 {
	switch operand {
	case "arch":
		return uint64(d.Arch)
	case "syscall":
		return uint64(d.Nr)
	}
	var arg int
	fmt.Sscanf(operand, "a%d", &arg)
	if strings.HasSuffix(operand, ".hi32") {
		return d.Args[arg] >> 32
	}
	return d.Args[arg] & (1<<32 - 1)
}

// evaluate is the first answer.
func (p *pseudo) evaluate(d *bpf.Data) bpf.Action {
	if a := p.answer(d); a != nil {
		return *a
	}
	return bpf.RetKillThread
}

func (p *pseudo) answer(d *bpf.Data) *bpf.Action {
	if p.action != nil {
		return p.action
	}
	next := p.yes
	if p.cond != nil && !p.cond(d) {
		next = p.not
	}
	for _, n := range next {
		if a := n.answer(d); a != nil {
			return a
		}
	}
	return nil
}
