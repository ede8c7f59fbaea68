package policy

import "strings"

// shape is what format needs to know of a statement.
type shape struct {
	head   string
	items  []item
	sep    string // between items: " " or ", "
	tail   string // behind the last item
	braced bool   // the items or the block stand in braces
	block  []Stmt
}

// item is one entry of a list.
type item struct {
	text     string
	comments Comments
}

// shapeOf is the shape of a statement.
func shapeOf(s Stmt) shape {
	switch s := s.(type) {
	case *Language:
		return shape{head: "language " + wordText(s.Version, ",")}
	case *Name:
		return shape{head: "policy " + wordText(s.Name, ",")}
	case *ArchLine:
		return archShape(s)
	case *Default:
		return shape{head: "default " + s.Verdict.String()}
	case *Newer:
		return shape{head: "newer " + s.Verdict.String() + " than linux " + wordText(s.Version, ",")}
	case *Param:
		return shape{head: "param " + s.Name.Text + " = " + wordText(s.Value, ",")}
	case *Include:
		return shape{head: "include " + enquote(s.Path.Text)}
	case *Rule:
		return shape{head: s.Verdict.String(), items: callItems(s.Calls), sep: " "}
	case *Strict:
		return shape{head: "strict"}
	}
	if sh, ok := lineShape(s); ok {
		return sh
	}
	return blockShape(s)
}

func archShape(s *ArchLine) shape {
	sh := shape{head: "arch", items: wordItems(s.Arches, ","), sep: ", "}
	if s.Else != nil {
		sh.tail = " else " + s.Else.String()
	}
	return sh
}

// lineShape is the shape of a line of a process, files, network or label block.
func lineShape(s Stmt) (shape, bool) {
	switch s := s.(type) {
	case *Setting:
		return settingShape(s), true
	case *Access:
		return shape{head: s.Right.Text, items: pathItems(s.Paths), sep: " "}, true
	case *Endpoint:
		head := s.Proto.Text
		if s.Action.Text != "" {
			head = s.Action.Text + " " + head
		}
		return shape{head: head, items: wordItems(s.Ports, ","), sep: ", "}, true
	}
	return shape{}, false
}

// settingShape is that of a list, or of a line that never wraps: a label ends
// with its line.
func settingShape(s *Setting) shape {
	switch s.Key.Text {
	case "capabilities", "descriptors":
		return shape{head: s.Key.Text, items: wordItems(s.Values, ","), sep: ", "}
	}
	stops := ","
	if _, label := lineIn(s.Key.Text, inLabel); label {
		stops = ""
	}
	head := s.Key.Text
	for _, w := range s.Values {
		if _, key := lineIn(w.Text, inLabel); key && stops == "" {
			w.Quoted = true
		}
		head += " " + wordText(w, stops)
	}
	return shape{head: head}
}

// blockShape is the shape of a statement with braces.
func blockShape(s Stmt) shape {
	sh := shape{braced: true}
	switch s := s.(type) {
	case *SetDecl:
		sh.head, sh.items, sh.sep = "set "+s.Name.Text, callItems(s.Calls), " "
	case *When:
		sh.head, sh.block = "when "+s.Param.Text, s.Block
	case *Phase:
		sh.head, sh.block = "phase "+s.Name.Text, s.Block
		if s.After != nil {
			sh.head += " after " + s.After.String()
		}
	case *Thread:
		sh.head, sh.block = "thread "+threadText(s.Name), s.Block
	case *Test:
		sh.head, sh.block = "test "+s.Phase.Text, s.Block
		if s.Thread != nil {
			sh.head += " in " + threadText(*s.Thread)
		}
	case *Process:
		sh.head, sh.block = "process", s.Block
	case *Files:
		sh.head, sh.block = "files", s.Block
	case *Network:
		sh.head, sh.block = "network", s.Block
	case *Label:
		sh.head, sh.block = "label", s.Block
	}
	return sh
}

func callItems(calls []*CallExpr) []item {
	items := make([]item, len(calls))
	for i, c := range calls {
		items[i] = item{c.String(), c.Comments}
	}
	return items
}

func wordItems(words []Word, stops string) []item {
	items := make([]item, len(words))
	for i, w := range words {
		items[i].text = wordText(w, stops)
		if w.Comments != nil {
			items[i].comments = *w.Comments
		}
	}
	return items
}

// pathItems differ from wordItems in the ? that stands behind the quotes.
func pathItems(paths []Word) []item {
	items := wordItems(paths, ",")
	for i, w := range paths {
		if bare, ok := strings.CutSuffix(w.Text, "?"); ok && strings.HasPrefix(items[i].text, `"`) {
			items[i].text = enquote(bare) + "?"
		}
	}
	return items
}

// flat is the statement on one line, if no comment ends one before.
func (sh shape) flat() (string, bool) {
	parts := make([]string, 0, len(sh.items)+len(sh.block))
	for _, it := range sh.items {
		if len(it.comments.Lead) > 0 || it.comments.Trail != nil {
			return "", false
		}
		parts = append(parts, it.text)
	}
	if !sh.braced {
		return strings.TrimRight(sh.head+" "+strings.Join(parts, sh.sep), " ") + sh.tail, true
	}
	between := "  "
	if len(sh.items) > 0 {
		between = sh.sep
	}
	for _, s := range sh.block {
		text, ok := flatStatement(s)
		if !ok {
			return "", false
		}
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		return sh.head + " {}", true
	}
	return sh.head + " { " + strings.Join(parts, between) + " }", true
}

// flatStatement is a statement of a block on one line.
func flatStatement(s Stmt) (string, bool) {
	c := s.comments()
	if len(c.Lead) > 0 || c.Trail != nil || len(c.BeforeEnd) > 0 || c.AfterEnd != nil {
		return "", false
	}
	return shapeOf(s).flat()
}
