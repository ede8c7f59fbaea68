package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/internal/interop/oci"
	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// formatOCI is the seccomp profiles of containers.
const formatOCI = "oci"

func newImport(s *streams) *cobra.Command {
	var (
		set    settings
		from   string
		output string
	)
	c := &cobra.Command{
		Use:   "import --from FORMAT [FILE]",
		Short: "Make a policy of a profile that another tool reads",
		Long: `Import writes a policy that means what a profile of another tool means. FORMAT is

  oci     a seccomp profile of Docker, Podman or the OCI runtime specification

A container's profile depends on the machine and the container. Those are this
machine's architecture, the newest kernel known, and no capability, unless

  --set arch=ARCH  --set kernel=VERSION  --set capabilities=CAP,CAP...

say otherwise. Every verb that takes a POLICY takes such a profile, too.`,
		Example: `  narrow import --from oci default.json > docker.narrow
  narrow import --from oci --set capabilities=CAP_SYS_ADMIN,CAP_BPF default.json
  narrow diff docker-old.json docker-new.json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if from != formatOCI {
				return usage("unknown format %q; expected --from oci", from)
			}
			arg := "-"
			if len(args) > 0 {
				arg = args[0]
			}
			params, err := set.params()
			if err != nil {
				return err
			}
			src, err := readSource(arg, s)
			if err != nil {
				return err
			}
			text, err := importOCI(src, params)
			if err != nil {
				return err
			}
			return writeOutput(s.out, output, text)
		},
	}
	set.flags(c)
	c.Flags().StringVar(&from, "from", "", "the `FORMAT` of FILE: oci")
	c.Flags().StringVarP(&output, "output", "o", "", "write to `FILE` instead of standard output")
	return c
}

// isProfile reports whether a file holds a container's profile by its look.
func isProfile(arg string) bool {
	if arg == "-" {
		return false
	}
	text, err := readFile(arg)
	return err == nil && oci.Looks(text)
}

// importOCI makes a policy's text of a container's profile. Its params say
// what machine and container it is for.
func importOCI(src *source, params map[string]string) ([]byte, error) {
	o, err := ociOptions(params)
	if err != nil {
		return nil, err
	}
	text, err := oci.Import(src.name, src.text, o)
	if err != nil {
		return nil, badInput(err)
	}
	return text, nil
}

func ociOptions(params map[string]string) (o oci.Options, err error) {
	for name, value := range params {
		switch name {
		case "arch":
			a, ok := abi.ByName(value)
			if !ok {
				return o, badInput(fmt.Errorf("--set arch=%s: no such architecture", kernel.Printable(value)))
			}
			o.Arch = a
		case "kernel":
			if o.Kernel, err = oci.ParseVersion(value); err != nil {
				return o, badInput(fmt.Errorf("--set kernel: %w", err))
			}
		case "capabilities":
			o.Capabilities = slices.DeleteFunc(strings.Split(value, ","), func(c string) bool { return c == "" || c == "none" })
		default:
			return o, badInput(errors.New("a container's profile has no param " + kernel.Printable(name) + "; expected arch, kernel or capabilities"))
		}
	}
	return o, nil
}
