package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf/asm"
)

// asmFlags are how the assembler reads a source.
type asmFlags struct {
	target, arch     string
	bypass, bpfcBugs bool
}

func newAsm(s *streams) *cobra.Command {
	var (
		flags      asmFlags
		to, output string
		asJSON     bool
	)
	c := &cobra.Command{
		Use:   "asm [FILE]",
		Short: "Assemble a program in bpfc's language",
		Long: `Asm turns assembler, from FILE or standard input, into a program. It is a
seccomp filter by default: what the kernel would refuse is an error with its
place. --for socket takes the whole language of bpfc.`,
		Example: `  narrow asm filter.bpf
  narrow asm --to raw -o filter.raw filter.bpf
  echo 'ret #0x7fff0000' | narrow asm --to json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			assembly, err := flags.assemble(s, fileOrStdin(args))
			if asJSON && assembly != nil {
				return errors.Join(writeOutput(s.out, output, assemblyJSON(assembly, err)), silent(err))
			}
			if assembly != nil {
				for _, w := range assembly.Warnings {
					fmt.Fprintln(s.err, w)
				}
			}
			if err != nil {
				return err
			}
			text, err := formatProgram(to, assembly.Program)
			if err != nil {
				return err
			}
			return writeOutput(s.out, output, text)
		},
	}
	toFlag(c, &to, asm.C, programFormats())
	c.Flags().StringVar(&flags.target, "for", "seccomp", "what the program is for: `seccomp|socket`")
	c.Flags().StringVar(&flags.arch, "arch", "", "the `ARCH` whose numbers names mean before any .arch")
	c.Flags().BoolVar(&flags.bypass, "bypass", false, "take the instructions as they are, without checking the program")
	c.Flags().BoolVar(&flags.bpfcBugs, "bpfc-compat", false, "give bpfc's bytes where bpfc is wrong, with a warning for each")
	c.Flags().StringVarP(&output, "output", "o", "", "write to `FILE` instead of standard output")
	jsonFlag(c, &asJSON)
	return c
}

// fileOrStdin is the one argument that may be left out.
func fileOrStdin(args []string) string {
	if len(args) == 0 {
		return "-"
	}
	return args[0]
}

// options turns the flags into the assembler's.
func (f *asmFlags) options() (o asm.Options, err error) {
	o.Bypass, o.BpfcCompat = f.bypass, f.bpfcBugs
	switch f.target {
	case "seccomp":
	case "socket":
		o.For = asm.Socket
	default:
		return o, usage("--for %s: expected seccomp or socket", f.target)
	}
	if f.arch != "" {
		a, ok := abi.ByName(f.arch)
		if !ok {
			return o, usage("unknown arch %q", f.arch)
		}
		o.Arch = a
	}
	return o, nil
}

// assemble assembles the file. The assembly is nil if there is no text to read,
// and has the warnings also where there are errors.
func (f *asmFlags) assemble(s *streams, file string) (*asm.Assembly, error) {
	options, err := f.options()
	if err != nil {
		return nil, err
	}
	text, err := readInput(s, file)
	if err != nil {
		return nil, err
	}
	assembly, err := asm.Assemble(inputName(file), text, options)
	if err != nil {
		return assembly, badInput(err)
	}
	return assembly, nil
}
