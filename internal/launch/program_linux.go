package launch

import (
	"bufio"
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// program is what is going to be executed.
type program struct {
	path   string   // what execve gets
	chain  []string // what the kernel executes on the way: a script's interpreters, the loader; path first
	arch   string   // the ABI of the program that ends up running, "" if it could not be told
	setuid bool     // the file has a set-id bit, which no_new_privs makes void
}

// findProgram looks a name up as a shell does: with a slash it is a path,
// otherwise the folders of PATH are tried. The error has status 126 or 127.
func findProgram(name string, env []string) (*program, error) {
	if name == "" {
		return nil, &Error{StatusNotFound, []error{errors.New("no program given")}}
	}
	path, err := lookUp(name, searchPath(env))
	if err != nil {
		return nil, err
	}
	p := &program{path: path}
	if info, err := os.Stat(path); err == nil {
		p.setuid = info.Mode()&(fs.ModeSetuid|fs.ModeSetgid) != 0
	}
	return p, p.follow()
}

// searchPath is PATH from the program's environment, or what the C library
// takes if there is none.
func searchPath(env []string) string {
	for i := len(env) - 1; i >= 0; i-- {
		if v, ok := strings.CutPrefix(env[i], "PATH="); ok {
			return v
		}
	}
	return "/bin:/usr/bin"
}

func lookUp(name, path string) (string, error) {
	if strings.Contains(name, "/") {
		return name, executable(name)
	}
	var refused error
	for _, dir := range strings.Split(path, ":") {
		if dir == "" {
			dir = "." // an empty element is the working directory
		}
		candidate := dir + "/" + name
		if _, err := os.Stat(candidate); err != nil {
			continue // a folder that this user may not search holds nothing for him, as for a shell
		}
		err := executable(candidate)
		if err == nil {
			return candidate, nil
		}
		var e *Error
		if errors.As(err, &e) && e.Status == StatusNotExecutable && refused == nil {
			refused = err
		}
	}
	if refused != nil {
		return "", refused
	}
	return "", &Error{StatusNotFound, []error{fmt.Errorf("%s: not found in PATH (%s)", name, path)}}
}

// executable tells whether this user may execute the file, as a shell's 126 and 127.
func executable(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist), isNotDir(err):
		return &Error{StatusNotFound, []error{fmt.Errorf("%s: no such file", path)}}
	case err != nil:
		return &Error{StatusNotExecutable, []error{fmt.Errorf("%s: %w", path, errors.Unwrap(err))}}
	case info.IsDir():
		return &Error{StatusNotExecutable, []error{fmt.Errorf("%s: is a folder", path)}}
	case !info.Mode().IsRegular():
		return &Error{StatusNotExecutable, []error{fmt.Errorf("%s: is not a regular file", path)}}
	}
	if err := kernel.AccessExecute(path); err != nil {
		return &Error{StatusNotExecutable, []error{fmt.Errorf("%s: %w", path, errors.Unwrap(err))}}
	}
	return nil
}

// maxInterpreters is how many scripts the kernel follows (fs/exec.c:exec_binprm).
const maxInterpreters = 5

// follow fills the chain: what a script's first line and an ELF file's
// PT_INTERP name. What cannot be read ends it; the kernel will say why.
func (p *program) follow() error {
	path := p.path
	for range maxInterpreters {
		p.chain = append(p.chain, path)
		interpreter, err := scriptInterpreter(path)
		if err != nil {
			return nil
		}
		if interpreter == "" {
			return p.followELF(path)
		}
		if err := executable(interpreter); err != nil {
			return &Error{StatusNotExecutable, []error{fmt.Errorf("%s: its interpreter %w", path, err)}}
		}
		path = interpreter
	}
	return nil
}

// scriptInterpreter reads the #! line as fs/binfmt_script.c does; "" if there is none.
func scriptInterpreter(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	const kernelReads = 256 // BINPRM_BUF_SIZE
	head := make([]byte, kernelReads)
	n, err := io.ReadFull(bufio.NewReaderSize(f, kernelReads), head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return "", err
	}
	line, ok := bytes.CutPrefix(head[:n], []byte("#!"))
	if !ok {
		return "", nil
	}
	if end := bytes.IndexAny(line, "\n\x00"); end >= 0 {
		line = line[:end]
	}
	fields := bytes.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' })
	if len(fields) == 0 {
		return "", nil
	}
	return string(fields[0]), nil
}

func (p *program) followELF(path string) error {
	f, err := elf.Open(path)
	if err != nil {
		return nil // not ELF: binfmt_misc's, or execve will say what is wrong
	}
	defer f.Close()
	p.arch = archOf(&f.FileHeader)
	for _, segment := range f.Progs {
		if segment.Type != elf.PT_INTERP {
			continue
		}
		loader, err := io.ReadAll(io.LimitReader(segment.Open(), 4096)) // PATH_MAX
		if err != nil {
			return nil
		}
		name := string(bytes.TrimRight(loader, "\x00"))
		if err := executable(name); err != nil {
			return &Error{StatusNotExecutable, []error{fmt.Errorf("%s: its loader %w", path, err)}}
		}
		p.chain = append(p.chain, name)
	}
	return nil
}

// archOf names the ABI of an ELF file's calls, "" if unknown.
func archOf(h *elf.FileHeader) string {
	wide, little := h.Class == elf.ELFCLASS64, h.Data == elf.ELFDATA2LSB
	pick := func(yes bool, a, b string) string {
		if yes {
			return a
		}
		return b
	}
	switch h.Machine {
	case elf.EM_X86_64:
		return pick(wide, "x86_64", "x32")
	case elf.EM_386:
		return "i386"
	case elf.EM_AARCH64:
		return pick(wide, "aarch64", "")
	case elf.EM_ARM:
		return "arm"
	case elf.EM_RISCV:
		return pick(wide, "riscv64", "")
	case elf.EM_PPC:
		return "ppc"
	case elf.EM_PPC64:
		return pick(little, "ppc64le", "ppc64")
	case elf.EM_S390:
		return pick(wide, "s390x", "")
	case elf.EM_LOONGARCH:
		return pick(wide, "loongarch64", "")
	case elf.EM_MIPS:
		if wide {
			return pick(little, "mips64el", "mips64")
		}
		return pick(little, "mipsel", "mips")
	}
	return ""
}

// suits tells whether the program's own ABI is one that the policy lets call at all.
func (p *program) suits(arches []*abi.Arch, elseRuns bool) error {
	if p.arch == "" || elseRuns {
		return nil
	}
	names := make([]string, len(arches))
	for i, a := range arches {
		if a.Name == p.arch {
			return nil
		}
		names[i] = a.Name
	}
	return fmt.Errorf("%s is a program for %s, and the policy's arch line has only %s", p.path, p.arch, strings.Join(names, ", "))
}

// resolved returns the real path of each file of the chain.
func (p *program) resolved() ([]string, error) {
	var real []string
	for _, path := range p.chain {
		r, err := filepath.EvalSymlinks(path)
		if err != nil {
			return nil, err
		}
		if r, err = filepath.Abs(r); err != nil {
			return nil, err
		}
		real = append(real, r)
	}
	return real, nil
}
