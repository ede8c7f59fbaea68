package main

import (
	"fmt"
	"os"
	"strings"
)

// The table of docs/performance.md stands between these lines.
const (
	document   = "../docs/performance.md"
	tableBegin = "<!-- go run -C bench . -update writes from here -->\n"
	tableEnd   = "<!-- to here -->\n"
)

// updateDocument replaces the tables that were measured in docs/performance.md.
// Those of other sections stay as they are, each under the machine and revision
// of its own run.
func updateDocument(machine string, reports []report) error {
	text, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	_, rest, _ := strings.Cut(string(text), tableBegin)
	old, _, _ := strings.Cut(rest, tableEnd)
	tables := splitTables(old)
	for _, r := range reports {
		title, body, _ := strings.Cut(r.markdown(), "\n")
		tables = putTable(tables, titledTable{title, fmt.Sprintf("%s\n\nMeasured on: %s.\n", strings.TrimRight(body, "\n"), machine)})
	}
	var all strings.Builder
	for _, t := range tables {
		fmt.Fprintf(&all, "%s\n%s\n", t.title, t.body)
	}
	replaced, err := replaceTables(string(text), all.String())
	if err != nil {
		return err
	}
	return os.WriteFile(document, []byte(replaced), 0o644)
}

// titledTable is a table of the document, under its line of title.
type titledTable struct{ title, body string }

// splitTables parts the tables of a document; what stands before the first is
// dropped.
func splitTables(text string) []titledTable {
	var tables []titledTable
	for line := range strings.Lines(text) {
		switch n := len(tables); {
		case strings.HasPrefix(line, "### "):
			tables = append(tables, titledTable{title: strings.TrimSuffix(line, "\n")})
		case n > 0:
			tables[n-1].body += line
		}
	}
	for i := range tables {
		tables[i].body = strings.TrimRight(tables[i].body, "\n") + "\n"
	}
	return tables
}

// putTable puts a table in the place of the one of its title, or at the end.
func putTable(tables []titledTable, t titledTable) []titledTable {
	for i := range tables {
		if tables[i].title == t.title {
			tables[i] = t
			return tables
		}
	}
	return append(tables, t)
}

// replaceTables puts tables between the two marks.
func replaceTables(text, tables string) (string, error) {
	before, rest, ok := strings.Cut(text, tableBegin)
	_, after, found := strings.Cut(rest, tableEnd)
	if !ok || !found {
		return "", fmt.Errorf("%s: the marks around the tables are gone", document)
	}
	return before + tableBegin + tables + tableEnd + after, nil
}
