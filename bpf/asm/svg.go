package asm

import (
	"encoding/xml"
	"fmt"
	"strings"

	"github.com/narrow-sandbox/narrow/internal/layered"
)

// appendSVG draws the control flow: a box for each block, on the arrows what was
// tested, and the verdicts in colours. So that arrows are short, each that leads
// to a lone return gets a copy of it, and one that would pass many layers ends
// in a link.
func (n *annotator) appendSVG(dst []byte) []byte {
	s := newSketch(n)
	place := s.place()
	dst = fmt.Appendf(dst, svgHead, place.width()+2*svgMargin, place.height()+2*svgMargin, len(n.program))
	for i, e := range s.edges {
		dst = place.appendArrow(dst, e, place.Routes[i])
	}
	for i := range s.figures {
		dst = s.figures[i].append(dst, place.at(place.Nodes[i]))
	}
	return append(dst, "</g>\n</svg>\n"...)
}

// placement is a layout, which may run from left to right.
type placement struct {
	layered.Layout
	rightward bool
}

// place lays the figures out downward or to the right, whichever needs the
// smaller screen: rows of tests are long, balanced trees are wide.
func (s *sketch) place() placement {
	down := placement{layered.Place(s.graph(false)), false}
	right := placement{layered.Place(s.graph(true)), true}
	if max(right.width(), right.height()) < max(down.width(), down.height()) {
		return right
	}
	return down
}

// at is where a point of the layout is drawn.
func (p *placement) at(q layered.Point) layered.Point {
	if p.rightward {
		return layered.Point{X: q.Y, Y: q.X}
	}
	return q
}

func (p *placement) width() float64 {
	return p.at(layered.Point{X: p.Width, Y: p.Height}).X
}

func (p *placement) height() float64 {
	return p.at(layered.Point{X: p.Width, Y: p.Height}).Y
}

// The measures of the drawing, in pixels. A letter of a monospaced font is 0.6
// times as wide as high.
const (
	svgMargin = 12
	svgLetter = 7.25
	svgLine   = 16
	svgPad    = 8
)

// svgHead begins the file: its size twice and how many instructions it shows.
const svgHead = `<svg xmlns="http://www.w3.org/2000/svg" width="%.0[1]f" height="%.0[2]f" viewBox="0 0 %.0[1]f %.0[2]f" font-family="DejaVu Sans Mono, monospace" font-size="12">
<title>a program of %[3]d instructions</title>
<style>
.box { fill: #ffffff; stroke: #555555 }
.dead { fill: #f2f2f2; stroke: #bbbbbb }
.allow { fill: #d9f2d9; stroke: #2e7d32 }
.watch { fill: #dbe9ff; stroke: #1a56b0 }
.error { fill: #fff0cc; stroke: #b26a00 }
.kill { fill: #ffd9d9; stroke: #b00020 }
.link { fill: #eeeeee; stroke: #777777; stroke-dasharray: 3 2 }
.arrow { fill: none; stroke: #555555 }
.number { fill: #999999 }
.note { fill: #2f5f8f }
text { white-space: pre }
</style>
<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" fill="#555555"/></marker></defs>
<rect width="100%%" height="100%%" fill="#ffffff"/>
<g transform="translate(12 12)">
`

// figure is one box of the drawing.
type figure struct {
	class string
	lone  bool // a verdict, a link: drawn round
	id    int  // of the first instruction; -1 for a copy
	title string
	lines []svgText
	link  int // the instruction that a link leads to
}

// svgText is a line in a figure.
type svgText struct{ number, text, note string }

func (t svgText) letters() int { return len([]rune(t.number + t.text + t.note)) }

// size is the figure's.
func (f *figure) size() layered.Node {
	letters := 0
	for _, l := range f.lines {
		letters = max(letters, l.letters())
	}
	return layered.Node{Width: svgLetter*float64(letters) + 2*svgPad, Height: svgLine*float64(len(f.lines)) + svgPad}
}

// append draws the figure around a middle.
func (f *figure) append(dst []byte, middle layered.Point) []byte {
	size := f.size()
	x, y := middle.X-size.Width/2, middle.Y-size.Height/2
	round := 3.0
	if f.lone {
		round = size.Height / 2
	}
	if f.class == "link" {
		dst = fmt.Appendf(dst, `<a href="#n%d">`, f.link)
	}
	dst = append(dst, "<g"...)
	if f.id >= 0 {
		dst = fmt.Appendf(dst, ` id="n%d"`, f.id)
	}
	dst = fmt.Appendf(dst, `><title>%s</title><rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="%.1f"/>`,
		escapeXML(f.title), f.class, x, y, size.Width, size.Height, round)
	for i, l := range f.lines {
		dst = l.append(dst, x+svgPad, y+svgPad/2+svgLine*float64(i)+svgLine*0.75)
	}
	dst = append(dst, "</g>"...)
	if f.class == "link" {
		dst = append(dst, "</a>"...)
	}
	return append(dst, '\n')
}

func (t svgText) append(dst []byte, x, y float64) []byte {
	dst = fmt.Appendf(dst, `<text x="%.1f" y="%.1f" xml:space="preserve">`, x, y)
	if t.number != "" {
		dst = fmt.Appendf(dst, `<tspan class="number">%s</tspan>`, t.number)
	}
	dst = append(dst, escapeXML(t.text)...)
	if t.note != "" {
		dst = fmt.Appendf(dst, `<tspan class="note">%s</tspan>`, escapeXML(t.note))
	}
	return append(dst, "</text>"...)
}

// appendArrow draws an edge, with its text on a white ground.
func (p *placement) appendArrow(dst []byte, e sketchEdge, r layered.Route) []byte {
	if len(r.Points) == 0 {
		return dst
	}
	start := p.at(r.Points[0])
	dst = fmt.Appendf(dst, `<path class="arrow" marker-end="url(#head)" d="M%.1f %.1f`, start.X, start.Y)
	for i, to := range r.Points[1:] {
		dst = p.appendCurve(dst, r.Points[i], to)
	}
	dst = append(dst, "\"/>\n"...)
	if e.text == "" {
		return dst
	}
	size, middle := labelSize(e.text), p.at(r.Label)
	dst = fmt.Appendf(dst, `<g><title>%s</title><rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="#ffffff"/>`,
		escapeXML(e.text), middle.X-size.Width/2, middle.Y-size.Height/2, size.Width, size.Height)
	return fmt.Appendf(dst, `<text x="%.1f" y="%.1f" text-anchor="middle">%s</text></g>`+"\n", middle.X, middle.Y+4, escapeXML(shortLabel(e.text)))
}

// appendCurve draws on from a point to the next: a bend that begins and ends in
// the direction of the layout.
func (p *placement) appendCurve(dst []byte, from, to layered.Point) []byte {
	half := (from.Y + to.Y) / 2
	a, b, end := p.at(layered.Point{X: from.X, Y: half}), p.at(layered.Point{X: to.X, Y: half}), p.at(to)
	if from.X == to.X {
		return fmt.Appendf(dst, "L%.1f %.1f", end.X, end.Y)
	}
	return fmt.Appendf(dst, "C%.1f %.1f %.1f %.1f %.1f %.1f", a.X, a.Y, b.X, b.Y, end.X, end.Y)
}

// longestLabel is how many letters of an arrow's text are drawn.
const longestLabel = 44

// shortLabel is the part of an arrow's text that is drawn; a browser shows all
// of it under the pointer.
func shortLabel(text string) string {
	letters := []rune(text)
	if len(letters) <= longestLabel {
		return text
	}
	return string(letters[:longestLabel-1]) + "…"
}

// labelSize is that of an arrow's text.
func labelSize(text string) layered.Node {
	if text == "" {
		return layered.Node{}
	}
	return layered.Node{Width: svgLetter*float64(len([]rune(shortLabel(text)))) + 4, Height: svgLine}
}

func escapeXML(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder takes everything
	return b.String()
}
