package asm

import (
	"fmt"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/layered"
)

// farthest is how many blocks, one below the other, an arrow may pass before it
// is cut and ends in a link.
const farthest = 9

// sketch is a program's control flow as figures and the arrows between them.
type sketch struct {
	*annotator
	figures []figure
	edges   []sketchEdge
	nodes   map[uint64]int // figure of the block that begins at an instruction
	depths  []int          // of each block: the most blocks that are passed on the way to it
	used    []bool         // lone returns that an arrow leads to already
}

// sketchEdge is an arrow from a figure to a later one.
type sketchEdge struct {
	from, to int
	text     string
}

func newSketch(n *annotator) *sketch {
	blocks := n.blocks()
	s := &sketch{annotator: n, nodes: map[uint64]int{}, depths: make([]int, len(blocks)), used: make([]bool, len(blocks))}
	for i, b := range blocks {
		s.figures = append(s.figures, s.figure(b))
		s.nodes[uint64(b.first)] = i
	}
	for i, b := range blocks {
		for _, a := range b.arms {
			if to, ok := s.nodes[a.to]; ok {
				s.depths[to] = max(s.depths[to], s.depths[i]+1)
			}
		}
	}
	for i, b := range blocks {
		for _, a := range b.arms {
			s.edges = append(s.edges, sketchEdge{i, s.target(i, a), a.text})
		}
	}
	return s
}

// figure is the box of a block.
func (s *sketch) figure(b block) figure {
	f := figure{class: s.class(b), lone: s.lone(b), id: b.first, title: fmt.Sprintf("instructions %d to %d", b.first, b.last)}
	if b.first == b.last {
		f.title = fmt.Sprintf("instruction %d: %s", b.first, appendInstruction(nil, s.program, b.first))
	}
	if text := s.note(b.first); f.lone && text != "" {
		f.lines = []svgText{{text: text}}
		return f
	}
	for pc := b.first; pc <= b.last; pc++ {
		l := svgText{number: fmt.Sprintf("%d  ", pc), text: string(appendInstruction(nil, s.program, pc))}
		if note := s.note(pc); note != "" && s.inBox(pc) {
			l.note = "  " + note
		}
		f.lines = append(f.lines, l)
	}
	return f
}

// lone reports whether a block is nothing but a return.
func (s *sketch) lone(b block) bool {
	return b.first == b.last && lookup(s.program[b.first].Code).name == "ret"
}

// class is the kind of a block's figure.
func (s *sketch) class(b block) string {
	in := s.program[b.last]
	switch {
	case !s.at[b.first].reached:
		return "dead"
	case lookup(in.Code).name != "ret":
		return "box"
	case in.Code != bpf.RET|bpf.K:
		return "watch"
	case !s.seccomp && in.K == 0:
		return "kill"
	case !s.seccomp:
		return "allow"
	}
	return verdictClass(bpf.Action(in.K).Effect())
}

func verdictClass(effect bpf.Action) string {
	switch effect.Kind() {
	case bpf.RetAllow:
		return "allow"
	case bpf.RetLog, bpf.RetTrace, bpf.RetUserNotif:
		return "watch"
	case bpf.RetErrno, bpf.RetTrap:
		return "error"
	}
	return "kill"
}

// target is the figure that an arm leads to from a block: the block's own, a
// copy of a lone return, or a link.
func (s *sketch) target(from int, a arm) int {
	to, ok := s.nodes[a.to]
	if !ok {
		return s.add(figure{class: "kill", lone: true, id: -1, title: "no instruction", lines: []svgText{{text: "outside"}}})
	}
	f := s.figures[to]
	if f.lone {
		if !s.used[to] {
			s.used[to] = true
			return to
		}
		f.id = -1
		return s.add(f)
	}
	if s.depths[to]-s.depths[from] > farthest {
		return s.add(figure{class: "link", lone: true, id: -1, title: f.title, link: f.id, lines: []svgText{{text: fmt.Sprintf("to %d", f.id)}}})
	}
	return to
}

func (s *sketch) add(f figure) int {
	s.figures = append(s.figures, f)
	return len(s.figures) - 1
}

// graph is what is to be placed; rightward, with widths and heights exchanged.
func (s *sketch) graph(rightward bool) layered.Graph {
	turned := func(n layered.Node) layered.Node {
		if rightward {
			return layered.Node{Width: n.Height, Height: n.Width}
		}
		return n
	}
	var g layered.Graph
	for i := range s.figures {
		g.Nodes = append(g.Nodes, turned(s.figures[i].size()))
	}
	for _, e := range s.edges {
		g.Edges = append(g.Edges, layered.Edge{From: e.from, To: e.to, Label: turned(labelSize(e.text))})
	}
	return g
}
