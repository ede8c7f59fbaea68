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

// updateDocument replaces the tables in docs/performance.md.
func updateDocument(machine string, tables []table) error {
	text, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	var all strings.Builder
	fmt.Fprintf(&all, "Measured on: %s.\n", machine)
	for _, t := range tables {
		all.WriteString("\n" + t.markdown())
	}
	replaced, err := replaceTables(string(text), all.String())
	if err != nil {
		return err
	}
	return os.WriteFile(document, []byte(replaced), 0o644)
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
