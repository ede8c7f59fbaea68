package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// includeDir is where bpfc lets the preprocessor look for headers.
const includeDir = "/etc/netsniff-ng"

// maxSource bounds what is read, in bytes.
const maxSource = 64 << 20

// readSource reads the source and returns it with the name that errors call it
// by. As in bpfc a name that begins with - is standard input.
func readSource(o *options, in io.Reader, errw io.Writer) (name string, source []byte, err error) {
	name = o.input
	if strings.HasPrefix(name, "-") {
		name = "<stdin>"
	}
	if o.cpp {
		source, err = preprocess(o, in, errw)
		return name, source, err
	}
	if name == "<stdin>" {
		source, err = readAll(in)
		return name, source, err
	}
	f, err := os.Open(name)
	if err != nil {
		return name, nil, err
	}
	defer f.Close()
	source, err = readAll(f)
	return name, source, err
}

// preprocess runs the source through the C preprocessor.
func preprocess(o *options, in io.Reader, errw io.Writer) ([]byte, error) {
	args := []string{}
	for _, d := range o.defines {
		args = append(args, "-D", d)
	}
	args = append(args, "-I", includeDir)
	cmd := exec.Command("cpp", append(args, cppInput(o.input))...)
	cmd.Stdin, cmd.Stderr = in, errw
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("the C preprocessor does not start: %w", err)
	}
	source, tooLong := readAll(pipe)
	if tooLong != nil {
		_ = cmd.Process.Kill() // it would wait for a reader for ever
	}
	if err := cmd.Wait(); err != nil && tooLong == nil {
		return nil, fmt.Errorf("the C preprocessor: %w", err)
	}
	return source, tooLong
}

// cppInput is the source as an argument that is no option.
func cppInput(input string) string {
	if strings.HasPrefix(input, "-") {
		return "-"
	}
	return input
}

// readAll reads up to maxSource bytes.
func readAll(r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxSource+1))
	if err == nil && len(text) > maxSource {
		return nil, fmt.Errorf("the source has more than %d bytes", maxSource)
	}
	return text, err
}
