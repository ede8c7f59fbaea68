package main

import (
	"bytes"
	"encoding/json"

	"github.com/spf13/cobra"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/bpf/asm"
)

func newDisasm(s *streams) *cobra.Command {
	var (
		from, to, output, on string
		asJSON               bool
	)
	c := &cobra.Command{
		Use:   "disasm [--to FORMAT | --svg | --dot | --json] [FILE]",
		Short: "Take a program apart",
		Long: `Disasm reads a program from FILE or standard input and prints it for people, or
in another format: as assembler that gives the same bytes again, as a picture of
its control flow (--svg, --dot). Any bytes will do; what is no instruction is
shown as data. What format the input has is told by the file's ending, by
--from, or else by its look.`,
		Example: `  narrow disasm filter.raw
  narrow disasm --from c --to asm <filter.c
  narrow disasm --svg -o filter.svg filter.json
  tcpdump -ddd port 22 | narrow disasm`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			prog, err := readProgram(s, fileOrStdin(args), from)
			if err != nil {
				return err
			}
			arch, err := archFlag(on)
			if err != nil {
				return err
			}
			var text []byte
			if asJSON {
				text, err = listingJSON(arch, prog)
			} else {
				text, err = formatProgramOn(arch, to, prog)
			}
			if err != nil {
				return err
			}
			return writeOutput(s.out, output, text)
		},
	}
	fromFlag(c, &from)
	toFlag(c, &to, asm.Text, programFormats())
	c.Flags().StringVarP(&output, "output", "o", "", "write to `FILE` instead of standard output")
	c.Flags().StringVar(&on, "arch", "", "name calls as on this `ARCH` where the program does not test it")
	jsonFlag(c, &asJSON)
	return c
}

// archFlag is the arch of a name, nil for none.
func archFlag(name string) (*abi.Arch, error) {
	if name == "" {
		return nil, nil
	}
	arch, ok := abi.ByName(name)
	if !ok {
		return nil, usage("unknown arch %q", name)
	}
	return arch, nil
}

// wireLine is the JSON of a line of the listing.
type wireLine struct {
	PC    int    `json:"pc"`
	Label string `json:"label,omitempty"`
	Text  string `json:"text"`
	Note  string `json:"note,omitempty"`
	Code  uint16 `json:"code"`
	Jt    uint8  `json:"jt"`
	Jf    uint8  `json:"jf"`
	K     uint32 `json:"k"`
}

// listingJSON is the listing as JSON, an object a line.
func listingJSON(arch *abi.Arch, prog bpf.Program) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	for pc, line := range asm.LinesOn(arch, prog) {
		i := prog[pc]
		if err := encoder.Encode(wireLine{pc, line.Label, line.Text, line.Note, i.Code, i.Jt, i.Jf, i.K}); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}
