package policy

import (
	"strings"
	"unicode/utf8"
)

// lineWidth is where format wraps: the longest line, in characters, without the
// comment behind it.
const lineWidth = 100

// indentWidth is what a block indents by.
const indentWidth = 4

// Format is the file's text in the canonical format: a statement a line,
// blocks indented, comments kept where they stood. Where a list began a new
// line, one empty line stood, or a short block stood on one line, that is kept
// too. Parsing it again gives the same File but for places and layout, and
// formatting that gives the same text.
func (f *File) Format() []byte {
	p := &printer{fresh: true}
	p.block(f.Stmts, 0)
	p.comments(f.End, 0)
	return p.bytes()
}

// printer collects lines.
type printer struct {
	lines []line
	base  int  // the indent of the statement that is printed
	fresh bool // nothing stands in the block yet: no empty line is kept
}

// line is one line of output; comment stands behind its text.
type line struct {
	indent  int // in blanks
	base    int // the indent of the statement that it is of
	text    string
	comment string
}

// columns is how far the line's text reaches.
func (l line) columns() int { return l.indent + columns(l.text) }

func (p *printer) line(indent int, text string, c *Comment) {
	l := line{indent: indent, base: p.base, text: text}
	if c != nil {
		l.comment = commentText(*c)
	}
	p.lines = append(p.lines, l)
	p.fresh = false
}

// blank keeps one empty line.
func (p *printer) blank(wanted bool) {
	if wanted && !p.fresh {
		p.lines = append(p.lines, line{})
	}
}

// comments prints comments that have lines of their own.
func (p *printer) comments(list []Comment, indent int) {
	for _, c := range list {
		p.blank(c.Blank)
		p.line(indent, commentText(c), nil)
	}
}

// lead prints what stands above a statement or an entry.
func (p *printer) lead(c *Comments, indent int) {
	p.blank(c.Blank)
	for i, comment := range c.Lead {
		p.blank(i > 0 && comment.Blank)
		p.line(indent, commentText(comment), nil)
	}
	p.blank(c.Gap && len(c.Lead) > 0)
}

// commentText is a comment on one line, also one that no text had.
func commentText(c Comment) string {
	text := strings.TrimRight(strings.NewReplacer("\n", " ", "\r", " ").Replace(c.Text), " \t")
	if !strings.HasPrefix(text, "#") {
		return "# " + text
	}
	return text
}

func (p *printer) block(list []Stmt, indent int) {
	for _, s := range list {
		p.statement(s, indent)
	}
}

// statement prints one statement with its comments.
func (p *printer) statement(s Stmt, indent int) {
	c, sh := s.comments(), shapeOf(s)
	p.base = indent
	p.lead(c, indent)
	if !sh.braced {
		p.hoist(sh.items, indent)
		p.list(sh, indent, c.Trail)
		return
	}
	empty := len(sh.items) == 0 && len(sh.block) == 0
	if (c.OneLine || empty) && c.Trail == nil && len(c.BeforeEnd) == 0 {
		if text, ok := sh.flat(); ok && indent+columns(text) <= lineWidth {
			p.line(indent, text, c.AfterEnd)
			return
		}
	}
	p.line(indent, sh.head+" {", c.Trail)
	p.fresh, p.base = true, indent+indentWidth
	p.list(shape{items: sh.items, sep: sh.sep}, indent+indentWidth, nil)
	p.block(sh.block, indent+indentWidth)
	p.comments(c.BeforeEnd, indent+indentWidth)
	p.base = indent
	p.line(indent, "}", c.AfterEnd)
}

// hoist prints the comments of a list's first entry above the statement, as
// the entry stands on the statement's line.
func (p *printer) hoist(items []item, indent int) {
	if len(items) > 0 {
		for _, c := range items[0].comments.Lead {
			p.line(indent, commentText(c), nil)
		}
	}
}

// columns is how wide a text shows.
func columns(text string) int { return utf8.RuneCountInString(text) }

// bytes joins the lines, with the comments behind them aligned.
func (p *printer) bytes() []byte {
	alignComments(p.lines)
	var b strings.Builder
	for _, l := range p.lines {
		if l.text != "" {
			b.WriteString(strings.Repeat(" ", l.indent))
			b.WriteString(l.text)
			b.WriteString(l.comment)
		}
		b.WriteByte('\n')
	}
	return []byte(b.String())
}

// alignSpread is how much wider than the narrowest the widest of aligned
// lines may be: a comment far from its line is read with the wrong one.
const alignSpread = 40

// alignComments puts the blanks before the comments behind neighbouring lines
// of one indent, so that they begin in one column.
func alignComments(lines []line) {
	for i := 0; i < len(lines); {
		if lines[i].comment == "" {
			i++
			continue
		}
		end, column := alignedRun(lines, i)
		for ; i < end; i++ {
			lines[i].comment = strings.Repeat(" ", column-lines[i].columns()) + lines[i].comment
		}
	}
}

// alignedRun is the end of the run of lines from begin on whose comments are
// aligned, and the column that they begin in. A closing brace stands alone: the
// comment behind it speaks of what is above.
func alignedRun(lines []line, begin int) (end, column int) {
	first := lines[begin]
	low, high := first.columns(), first.columns()
	for end = begin + 1; end < len(lines) && first.text != "}"; end++ {
		l := lines[end]
		if l.comment == "" || l.base != first.base || l.text == "}" {
			break
		}
		w := l.columns()
		if max(high, w)-min(low, w) > alignSpread {
			break
		}
		low, high = min(low, w), max(high, w)
	}
	return end, high + 1
}
