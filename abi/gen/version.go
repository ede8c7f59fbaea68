package main

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"regexp"
	"sort"
	"strconv"
	"strings"
)

// version is a Linux release by its first two numbers, as abi.Version.
type version struct{ major, minor uint8 }

// current is the release up to which the tables reach.
var current = version{6, 18}

func (v version) before(w version) bool {
	return v.major < w.major || v.major == w.major && v.minor < w.minor
}

func (v version) String() string { return fmt.Sprintf("%d.%d", v.major, v.minor) }

// parseVersion reads "2.6.28", "5.1" or "2.6; 2.4.18", of which the first
// counts: releases after 2.6.0 and before 3.0 are all 2.6.
func parseVersion(s string) (version, error) {
	major, rest, ok := strings.Cut(s, ".")
	end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(rest)
	}
	a, errA := strconv.ParseUint(major, 10, 8)
	b, errB := strconv.ParseUint(rest[:end], 10, 8)
	if !ok || errA != nil || errB != nil {
		return version{}, fmt.Errorf("%q is no Linux version", s)
	}
	return version{uint8(a), uint8(b)}, nil
}

var (
	manRow   = regexp.MustCompile(`^\\fB(\w+)\\fP\(2\)\t([^\t]*)`)
	manTitle = regexp.MustCompile(`^\.TH syscalls 2 (\S+) "([^"]+)"`)
	manAdded = regexp.MustCompile(`^Added as .* in (\d+\.\d+)`)
)

// importManpage writes the version column of syscalls(2) as a table.
func importManpage(page, table string) error {
	text, err := readMaybeGzip(page)
	if err != nil {
		return err
	}
	rows, title := manpageRows(text)
	if len(rows) < 400 {
		return fmt.Errorf("%s: %d calls, expected some 460", page, len(rows))
	}
	sort.Strings(rows)
	head := "# The first version of each system call as syscalls(2) of " + title + " lists it; 1.0 also stands for older.\n" +
		"# Written by `go run ./gen -manpage /usr/share/man/man2/syscalls.2.gz` (Debian: manpages-dev).\nname\tsince\n"
	return os.WriteFile(table, []byte(head+strings.Join(rows, "")), 0o644)
}

// manpageRows picks the table out of the page's source. A row without version
// may have it in the note that follows ("Added as "pread" in 2.2").
func manpageRows(text string) (rows []string, title string) {
	var pending string
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		line := lines.Text()
		if m := manTitle.FindStringSubmatch(line); m != nil {
			title = m[2] + ", " + m[1]
		}
		if m := manAdded.FindStringSubmatch(line); m != nil && pending != "" {
			rows = append(rows, pending+"\t"+m[1]+"\n")
		}
		m := manRow.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		pending = ""
		if v, err := parseVersion(m[2]); err == nil {
			rows = append(rows, m[1]+"\t"+v.String()+"\n")
		} else {
			pending = m[1]
		}
	}
	return rows, title
}

func readMaybeGzip(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return "", err
		}
	}
	text, err := io.ReadAll(r)
	return string(text), err
}
