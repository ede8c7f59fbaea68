package oci

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/narrow-sandbox/narrow/policy"
)

// profile is a seccomp profile as Docker, Podman and the OCI runtime
// specification write it. Fields that say nothing of verdicts are left raw.
type profile struct {
	DefaultAction   string     `json:"defaultAction"`
	DefaultErrnoRet *uint      `json:"defaultErrnoRet"`
	DefaultErrno    string     `json:"defaultErrno"` // Podman's: by name
	Architectures   []string   `json:"architectures"`
	ArchMap         []archMap  `json:"archMap"`
	Syscalls        []syscalls `json:"syscalls"`

	Flags            json.RawMessage `json:"flags"`
	ListenerPath     json.RawMessage `json:"listenerPath"`
	ListenerMetadata json.RawMessage `json:"listenerMetadata"`
}

// archMap is the ABIs that a filter is for on a machine of one.
type archMap struct {
	Architecture     string   `json:"architecture"`
	SubArchitectures []string `json:"subArchitectures"`
}

// syscalls is a rule for some calls.
type syscalls struct {
	Names    []string   `json:"names"`
	Name     string     `json:"name"` // instead of names, in old profiles
	Action   string     `json:"action"`
	ErrnoRet *uint      `json:"errnoRet"`
	Errno    string     `json:"errno"` // Podman's: by name
	Args     []argument `json:"args"`
	Includes condition  `json:"includes"`
	Excludes condition  `json:"excludes"`

	Comment json.RawMessage `json:"comment"`
}

// argument is a condition on a register.
type argument struct {
	Index    uint   `json:"index"`
	Value    uint64 `json:"value"`
	ValueTwo uint64 `json:"valueTwo"`
	Op       string `json:"op"`
}

// condition says for which machines, kernels and containers a rule is.
type condition struct {
	Arches    []string `json:"arches"`
	Caps      []string `json:"caps"`
	MinKernel string   `json:"minKernel"`
}

// Looks reports whether a text looks like a profile rather than a policy,
// which never begins with a brace, or a program in JSON, which is a list.
func Looks(text []byte) bool {
	text = bytes.TrimLeft(text, " \t\r\n\ufeff")
	return len(text) > 0 && text[0] == '{'
}

// read decodes a profile. A field that it does not know may well be a
// condition, so it is an error.
func read(name string, text []byte) (*profile, error) {
	var config struct {
		Version string `json:"ociVersion"`
		Linux   struct {
			Seccomp json.RawMessage `json:"seccomp"`
		} `json:"linux"`
	}
	if json.Unmarshal(text, &config) == nil && config.Version != "" {
		if text = config.Linux.Seccomp; len(text) == 0 {
			return nil, failure(name, "this container's configuration has no linux.seccomp", "")
		}
	}
	p := new(profile)
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(p); err != nil {
		return nil, decodeError(name, text, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, failure(name, "something follows the profile", "expected a single JSON value")
	}
	return p, nil
}

// decodeError gives a decoder's error its place.
func decodeError(name string, text []byte, err error) error {
	var offset int64
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		offset = syntax.Offset
	case errors.As(err, &kind):
		offset = kind.Offset
	default:
		return failure(name, err.Error(), "expected a seccomp profile of Docker or of the OCI runtime specification")
	}
	before := text[:max(0, min(int(offset), len(text))-1)]
	line := 1 + bytes.Count(before, []byte("\n"))
	col := len(before) - bytes.LastIndexByte(before, '\n')
	return policy.ErrorList{{Pos: policy.Pos{File: name, Line: line, Col: col}, What: err.Error(), Want: "expected a seccomp profile in JSON"}}
}

func failure(name, what, want string) error {
	return policy.ErrorList{{Pos: policy.Pos{File: name, Line: 1, Col: 1}, What: what, Want: want}}
}

// rule says which rule something is wrong with.
func ruleError(name string, index int, s *syscalls, format string, args ...any) error {
	which := fmt.Sprintf("syscalls[%d]", index)
	if len(s.Names) > 0 {
		which += " (" + s.Names[0] + ")"
	}
	return failure(name, which+": "+fmt.Sprintf(format, args...), "")
}
