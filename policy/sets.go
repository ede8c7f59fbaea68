package policy

import (
	"embed"
	"io/fs"
	"slices"
	"strings"
)

//go:generate go run ./gen

// shippedFiles is a file for each shipped set, named for it: a comment that
// says what it is for, and the set.
//
//go:embed sets/*.narrow
var shippedFiles embed.FS

// SetInfo is a shipped set.
type SetInfo struct {
	Name string `json:"name"` // with its @
	Doc  string `json:"doc"`  // what it is for; the first line is a summary
	Text string `json:"text"` // in the language, with its comments
}

// ShippedSets returns the sets that policies may use without declaring them,
// sorted by name.
func ShippedSets() []SetInfo {
	entries, _ := fs.ReadDir(shippedFiles, "sets")
	sets := make([]SetInfo, 0, len(entries))
	for _, e := range entries {
		name := "@" + strings.TrimSuffix(e.Name(), ".narrow")
		text, _ := shippedText(name)
		sets = append(sets, SetInfo{Name: name, Doc: docOf(text), Text: text})
	}
	slices.SortFunc(sets, func(a, b SetInfo) int { return strings.Compare(a.Name, b.Name) })
	return sets
}

// shippedText is the text of a shipped set.
func shippedText(name string) (string, bool) {
	bare, ok := strings.CutPrefix(name, "@")
	if !ok || strings.ContainsAny(bare, "/.\\") {
		return "", false
	}
	text, err := shippedFiles.ReadFile("sets/" + bare + ".narrow")
	return string(text), err == nil
}

func isShipped(name string) bool {
	_, ok := shippedText(name)
	return ok
}

// docOf is the comment above a set.
func docOf(text string) string {
	var doc []string
	for line := range strings.Lines(text) {
		comment, ok := strings.CutPrefix(line, "#")
		if !ok {
			break
		}
		doc = append(doc, strings.TrimSpace(comment))
	}
	return strings.Join(doc, "\n")
}

// shippedSet parses a shipped set.
func shippedSet(name string) (*SetDecl, bool) {
	text, ok := shippedText(name)
	if !ok {
		return nil, false
	}
	f, err := Parse(name, []byte(text))
	if err != nil || len(f.Stmts) != 1 {
		return nil, false // a test parses all of them
	}
	d, ok := f.Stmts[0].(*SetDecl)
	return d, ok
}
