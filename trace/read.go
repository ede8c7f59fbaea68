package trace

import (
	"bufio"
	"errors"
	"io"
	"strings"

	"github.com/narrow-sandbox/narrow/policy"
)

// longest is how much of a line is read; what comes after it is skipped.
const longest = 1 << 16

// cutShort is how strace ends a line of which there is only the beginning.
const cutShort = " <unfinished ...>"

// maxErrors is after how many lines that are no calls a file is given up.
const maxErrors = 20

// Read adds what the lines of r say. The error is a policy.ErrorList whose
// places have the name, or r's own.
func (t *Trace) Read(name string, r io.Reader) error {
	in := bufio.NewReaderSize(r, longest)
	var errs policy.ErrorList
	for number := 1; len(errs) < maxErrors; number++ {
		line, more, err := in.ReadLine()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		text := string(line)
		if more {
			text += cutShort
		}
		for more {
			if _, more, err = in.ReadLine(); err != nil {
				break
			}
		}
		if wrong := t.line(text); wrong != nil {
			wrong.Pos = policy.Pos{File: name, Line: number, Col: 1}
			errs = append(errs, wrong)
		}
	}
	if len(errs) > 0 {
		return errs
	}
	return nil
}

// line adds one line.
func (t *Trace) line(text string) *policy.Error {
	text = strings.TrimSpace(text)
	switch {
	case text == "" || text[0] == '#' || noise(text):
		return nil
	case t.summary(text) || t.strace(text):
		return nil
	}
	return t.plain(text)
}
