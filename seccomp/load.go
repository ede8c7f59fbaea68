package seccomp

import (
	"fmt"
	"io"

	"github.com/narrow-sandbox/narrow"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/bpf/asm"
	"github.com/narrow-sandbox/narrow/internal/proved"
)

// Sandbox makes the filter ready to be entered, its program proved. Its one
// phase is `all`.
func (b *Builder) Sandbox(options ...narrow.Options) (*narrow.Sandbox, error) {
	p, err := b.Policy()
	if err != nil {
		return nil, err
	}
	return narrow.New(p, options...)
}

// Load installs the filter on every thread of this process (seccomp_load, with
// SCMP_FLTATR_CTL_TSYNC), for good, after no_new_privs. The report is what /proc
// says of each thread then. See narrow.Sandbox.Enter for errors.
func (b *Builder) Load(options ...narrow.Options) (*narrow.Report, error) {
	s, err := b.Sandbox(options...)
	if err != nil {
		return nil, err
	}
	return s.Enter("all")
}

// Program is the finished program, proved to be the rules.
func (b *Builder) Program() (bpf.Program, error) {
	p, err := b.Policy()
	if err != nil {
		return nil, err
	}
	return proved.Afresh().Filter(p.Phases[0].Wide())
}

// Export writes the filter: "raw" is what the kernel takes (seccomp_export_bpf),
// "listing" is for people (seccomp_export_pfc), and so are the other formats of
// package bpf/asm; "policy" is a policy's text with the same meaning.
func (b *Builder) Export(w io.Writer, format string) error {
	if format == "policy" {
		return b.exportPolicy(w)
	}
	program, err := b.Program()
	if err != nil {
		return err
	}
	if err := asm.Write(w, format, program); err != nil {
		return fmt.Errorf("%w, or policy", err)
	}
	return nil
}

func (b *Builder) exportPolicy(w io.Writer) error {
	if _, err := b.Policy(); err != nil {
		return err
	}
	f, _ := b.file()
	_, err := w.Write(f.Format())
	return err
}
