package main

import (
	"fmt"
	"os"
	"strings"
)

// tsv is a table of tab-separated fields below a line that names the columns.
// Lines that begin with '#' are comments.
type tsv struct {
	name    string
	columns []string
	rows    [][]string
	lines   []int // of each row, for errors
}

func readTSV(name string) (*tsv, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	t := &tsv{name: name}
	for i, line := range strings.Split(string(text), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		fields := strings.Split(line, "\t")
		switch {
		case t.columns == nil:
			t.columns = fields
		case len(fields) != len(t.columns):
			return nil, fmt.Errorf("%s:%d: %d fields, expected %d", name, i+1, len(fields), len(t.columns))
		default:
			t.rows = append(t.rows, fields)
			t.lines = append(t.lines, i+1)
		}
	}
	return t, nil
}

// column returns the index of a column.
func (t *tsv) column(name string) (int, error) {
	for i, c := range t.columns {
		if c == name {
			return i, nil
		}
	}
	return 0, fmt.Errorf("%s: no column %q", t.name, name)
}

// errorf is an error at a row.
func (t *tsv) errorf(row int, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s", t.name, t.lines[row], fmt.Sprintf(format, args...))
}
