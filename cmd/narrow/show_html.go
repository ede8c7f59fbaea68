package main

import (
	_ "embed"
	"html/template"
	"io"
)

//go:embed show.html
var showPage string

// html writes the powers as a page that needs nothing else.
func (v *shownPolicy) html(w io.Writer) error {
	page, err := template.New("show").Funcs(template.FuncMap{
		"title":  (*shownPhase).title,
		"mark":   func(t *shownThread, call string) string { return t.mark(call) },
		"danger": dangerOf,
		"lists":  (*shownPhase).ruleLists,
	}).Parse(showPage)
	if err != nil {
		return err
	}
	return page.Execute(w, v)
}
