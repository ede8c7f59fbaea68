package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
)

// headerSet selects constants of one kernel header that x/sys lacks.
type headerSet struct {
	header string // in linux-libc-dev
	names  string // a regular expression for the whole name
	arches string // where they hold, as in constants.tsv
}

// headerSets are read on x86-64. All but asm/prctl.h have the same values on
// every architecture; what differs (FIONBIO, ...) is in constants.tsv.
var headerSets = []headerSet{
	{"asm/prctl.h", `ARCH_\w+`, "x86_64,x32,i386"},
	{"linux/fcntl.h", `DN_\w+|AT_\w+`, "*"},
	{"linux/futex.h", `FUTEX_[A-Z]\w+`, "*"},
	{"linux/io_uring.h", `IORING_(ENTER|SETUP|REGISTER|UNREGISTER)_\w+`, "*"},
	{"linux/ioprio.h", `IOPRIO_(WHO|CLASS)_\w+`, "*"},
	{"linux/ipc.h", `(SEM|MSG|SHM)[A-Z]+|IPC_\w+`, "*"},
	{"linux/kcmp.h", `KCMP_[A-Z_]+`, "*"},
	{"linux/membarrier.h", `MEMBARRIER_\w+`, "*"},
	{"linux/mempolicy.h", `MPOL_\w+`, "*"},
	{"linux/msg.h", `MSG_\w+`, "*"},
	{"linux/net.h", `SYS_\w+`, "*"},
	{"linux/personality.h", `PER_\w+|ADDR_\w+|FDPIC_FUNCPTRS|MMAP_PAGE_ZERO|READ_IMPLIES_EXEC|SHORT_INODE|STICKY_TIMEOUTS|UNAME26|WHOLE_SECONDS`, "*"},
	{"linux/quota.h", `Q_\w+|(USR|GRP|PRJ)QUOTA|QFMT_\w+`, "*"},
	{"linux/rseq.h", `RSEQ_FLAG_\w+`, "*"},
	{"linux/sem.h", `GETPID|[GS]ETVAL|[GS]ETALL|GET[NZ]CNT|SEM_\w+`, "*"},
	{"linux/shm.h", `SHM_\w+`, "*"},
	{"linux/userfaultfd.h", `UFFD_USER_MODE_ONLY`, "*"},
	{"linux/vt.h", `VT_[A-Z]+`, "*"},
}

// importHeaders asks the C compiler for the constants of headerSets.
func importHeaders(compiler, table string) error {
	var rows []string
	for _, set := range headerSets {
		values, err := set.read(compiler)
		if err != nil {
			return fmt.Errorf("%s: %w", set.header, err)
		}
		for _, v := range values {
			rows = append(rows, v+"\t"+set.arches+"\t"+set.header+"\n")
		}
	}
	head := "# Constants of the kernel's user headers (Debian: linux-libc-dev " + headersVersion() + ") that golang.org/x/sys/unix lacks.\n" +
		"# Written by `go run ./gen -headers gcc`.\nname\tvalue\tarch\tplace\n"
	return os.WriteFile(table, []byte(head+strings.Join(rows, "")), 0o644)
}

// headersVersion is LINUX_VERSION_CODE of the installed headers.
func headersVersion() string {
	text, _ := os.ReadFile("/usr/include/linux/version.h")
	part := func(name string) string {
		m := regexp.MustCompile(`LINUX_VERSION_` + name + ` (\d+)`).FindSubmatch(text)
		if m == nil {
			return "?"
		}
		return string(m[1])
	}
	return part("MAJOR") + "." + part("PATCHLEVEL")
}

// read returns "name\tvalue" for every macro and enumerator that is selected.
func (s headerSet) read(compiler string) ([]string, error) {
	names, err := s.list(compiler)
	if err != nil || len(names) == 0 {
		return nil, fmt.Errorf("no such constants: %w", err)
	}
	dir, err := os.MkdirTemp("", "gen")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	var c strings.Builder
	fmt.Fprintf(&c, "#include <%s>\n#include <stdio.h>\nint main(void) {\n", s.header)
	for _, name := range names {
		fmt.Fprintf(&c, "printf(\"%s\\t%%lld\\n\", (long long)(%s));\n", name, name)
	}
	c.WriteString("}\n")
	source, program := filepath.Join(dir, "print.c"), filepath.Join(dir, "print")
	if err := os.WriteFile(source, []byte(c.String()), 0o644); err != nil {
		return nil, err
	}
	if out, err := exec.Command(compiler, "-w", "-o", program, source).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	out, err := exec.Command(program).Output()
	return strings.Split(strings.TrimSpace(string(out)), "\n"), err
}

var (
	macroLine  = regexp.MustCompile(`(?m)^#define (\w+) +\S`)
	enumBlock  = regexp.MustCompile(`(?s)\benum\b[^{};]*\{(.*?)\}`)
	identifier = regexp.MustCompile(`\b[A-Z]\w+`)
)

// list returns the selected names, sorted.
func (s headerSet) list(compiler string) ([]string, error) {
	wanted := regexp.MustCompile(`^(?:` + s.names + `)$`)
	found := map[string]bool{}
	macros, err := preprocess(compiler, "-dM", s.header)
	if err != nil {
		return nil, err
	}
	for _, m := range macroLine.FindAllStringSubmatch(macros, -1) {
		found[m[1]] = wanted.MatchString(m[1])
	}
	text, err := preprocess(compiler, "-P", s.header)
	if err != nil {
		return nil, err
	}
	for _, block := range enumBlock.FindAllStringSubmatch(text, -1) {
		for _, name := range identifier.FindAllString(block[1], -1) {
			found[name] = wanted.MatchString(name)
		}
	}
	var names []string
	for name, ok := range found {
		if ok {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names, nil
}

func preprocess(compiler, mode, header string) (string, error) {
	cmd := exec.Command(compiler, "-E", mode, "-")
	cmd.Stdin = strings.NewReader("#include <" + header + ">\n")
	out, err := cmd.Output()
	return string(out), err
}
