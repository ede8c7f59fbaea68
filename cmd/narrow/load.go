package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/narrow-sandbox/narrow/internal/interop/oci"
	"github.com/narrow-sandbox/narrow/policy"
	"github.com/narrow-sandbox/narrow/profiles"
)

// maxInput bounds every file that is read: a policy, a program, a stream's line.
const maxInput = 64 << 20

// settings are the flags with which a policy is read.
type settings struct {
	set []string
}

func (set *settings) flags(c *cobra.Command) {
	c.Flags().StringArrayVar(&set.set, "set", nil, "give a param of the policy a value, `NAME=VALUE`")
}

// params turns the --set flags into a map.
func (set *settings) params() (map[string]string, error) {
	m := make(map[string]string, len(set.set))
	for _, kv := range set.set {
		k, v, ok := strings.Cut(kv, "=")
		if !ok || k == "" {
			return nil, usage("--set %s: expected NAME=VALUE", kv)
		}
		m[k] = v
	}
	return m, nil
}

// source is a policy's text and where its includes stand.
type source struct {
	name string
	text []byte
	dir  string // "" for a shipped profile
}

// readSource finds a policy: a path, `-`, or the name of a shipped profile. A
// bare word is a profile's name first, so that a file that happens to lie in
// the working directory never takes a shipped profile's place; ./NAME is a path.
func readSource(arg string, s *streams) (*source, error) {
	if arg == "-" {
		text, err := readAll(s.in)
		if err != nil {
			return nil, badInput(fmt.Errorf("standard input: %w", err))
		}
		s.unread = &source{"<stdin>", text, "."}
		return s.unread, nil
	}
	if text, ok := profiles.Text(arg); ok {
		s.unread = &source{arg + ".narrow", text, ""}
		return s.unread, nil
	}
	text, err := readFile(arg)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) && !strings.ContainsAny(arg, "/.") {
			err = fmt.Errorf("%s: no such file, and no shipped profile of that name (there are %s)", arg, strings.Join(profiles.Names(), ", "))
		}
		return nil, badInput(err)
	}
	return &source{arg, text, filepath.Dir(arg)}, nil
}

// include reads a file that a policy includes, from beside the policy.
func (s *source) include(path string) ([]byte, error) {
	if s.dir == "" {
		return nil, fmt.Errorf("a shipped profile includes nothing")
	}
	return readFile(path)
}

// load parses and resolves the policy named arg.
func (set *settings) load(arg string, s *streams) (*policy.Policy, error) {
	_, p, err := set.loadSource(arg, s)
	return p, err
}

// loadSource is load, with the text.
func (set *settings) loadSource(arg string, s *streams) (*source, *policy.Policy, error) {
	src, err := readSource(arg, s)
	if err != nil {
		return nil, nil, err
	}
	params, err := set.params()
	if err != nil {
		return nil, nil, err
	}
	if oci.Looks(src.text) {
		if src.text, err = importOCI(src, params); err != nil {
			return nil, nil, err
		}
		s.unread, params = src, nil
	}
	p, err := policy.Load(src.name, src.text, policy.Options{Set: params, Include: src.include})
	if err != nil {
		return nil, nil, badInput(err)
	}
	return src, p, nil
}

// readFile reads a regular file, pipe or device of at most maxInput bytes.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := readAll(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return b, nil
}

func readAll(r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxInput+1))
	if err == nil && len(b) > maxInput {
		err = fmt.Errorf("more than %d MB", maxInput>>20)
	}
	return b, err
}
