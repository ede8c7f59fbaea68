package main

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

// constants are the named values of every architecture.
type constants map[string]map[string]int64 // by name, then by arch name

// loadConstants reads x/sys first, then the headers' constants, then our own
// table, which alone may contradict: it has the kernel's values where x/sys
// has the C library's.
func loadConstants(data string) (constants, error) {
	c := constants{}
	if err := c.addXSys(); err != nil {
		return nil, err
	}
	if err := c.addTable(data+"/headers.tsv", false); err != nil {
		return nil, err
	}
	return c, c.addTable(data+"/constants.tsv", true)
}

func (c constants) set(name, arch string, value int64) {
	if c[name] == nil {
		c[name] = map[string]int64{}
	}
	c[name][arch] = value
}

// addTable reads name, value, arch. A value "-" takes the constant away.
func (c constants) addTable(name string, override bool) error {
	t, err := readTSV(name)
	if err != nil {
		return err
	}
	for i, row := range t.rows {
		if unwanted.MatchString(row[0]) {
			continue
		}
		for _, arch := range archNames(row[2]) {
			old, known := c[row[0]][arch]
			if row[1] == "-" && override {
				delete(c[row[0]], arch)
				continue
			}
			value, err := strconv.ParseInt(row[1], 0, 64)
			if err != nil {
				return t.errorf(i, "%v", err)
			}
			if known && old != value && !override {
				return t.errorf(i, "%s is %#x there, but %#x in x/sys for %s", row[0], value, old, arch)
			}
			c.set(row[0], arch, value)
		}
	}
	return nil
}

// archNames expands a column "*" or "a,b".
func archNames(column string) []string {
	if column != "*" {
		return strings.Split(column, ",")
	}
	var names []string
	for _, a := range arches {
		names = append(names, a.name)
	}
	return names
}

// addXSys reads golang.org/x/sys/unix: its zerrors files whole, and of its
// ztypes files what system calls take.
func (c constants) addXSys() error {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "golang.org/x/sys").Output()
	if err != nil {
		return fmt.Errorf("golang.org/x/sys: %w", err)
	}
	dir := strings.TrimSpace(string(out)) + "/unix/"
	for _, kind := range []string{"zerrors_linux", "ztypes_linux"} {
		common, err := xsysFile(dir + kind + ".go")
		if err != nil {
			return err
		}
		for _, a := range arches {
			own, err := xsysFile(dir + kind + "_" + a.goarch + ".go")
			if err != nil {
				return err
			}
			for _, values := range []map[string]int64{common, own} {
				for name, value := range values {
					c.set(name, a.name, value)
				}
			}
		}
	}
	return nil
}

// xsysFile reads the constants of a file that arguments may take.
func xsysFile(name string) (map[string]int64, error) {
	values, err := goConstants(name)
	types := strings.Contains(name, "ztypes")
	for name := range values {
		if !constantName.MatchString(name) || types && !typesNames.MatchString(name) || unwanted.MatchString(name) {
			delete(values, name)
		}
	}
	return values, err
}

var (
	constantName = regexp.MustCompile(`^[A-Z][A-Z0-9_]+$`)
	typesNames   = regexp.MustCompile(`^(ADJ|AT|BPF|CLOSE_RANGE|FADV|FSCONFIG|FSMOUNT|FSOPEN|FSPICK|IPC|LANDLOCK|MOVE_MOUNT|MPOL|OPEN_TREE|PERF|PIDFD|POLL|RESOLVE|SHM|SIG|SYSLOG|TIME|TUN)_?[A-Z0-9_]+$`)
	// unwanted are constants of files, packets and disks that no argument takes.
	unwanted = regexp.MustCompile(`^(ARPHRD|AUDIT|CAN_|CRYPTO_|DEVLINK|DM_|DT_|EI_|ELF|EM_|ETHTOOL|ET_|GENL|HDIO|IFA_F|MTD|NFC|NFN|NFT|NLM|NN_|NT_|PT_|RTAX|RTCF|RTM_|RTNH|RTN_|RTPROT|SHF|SHN|SHT|SMART|STB|STT|TASKSTATS|TIPC|TP_|WDIOF|WDIOS|WIN_)|_(MAX|LAST|CNT)$`)
)

// goConstants returns the integer constants that a Go file declares.
func goConstants(name string) (map[string]int64, error) {
	f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	values := map[string]int64{}
	for _, decl := range f.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.CONST {
			continue
		}
		for _, spec := range gen.Specs {
			s := spec.(*ast.ValueSpec)
			for i := range s.Values {
				if v, ok := evaluate(s.Values[i]); ok {
					values[s.Names[i].Name] = v
				}
			}
		}
	}
	return values, nil
}

// evaluate reads 0x10, -0x64 and syscall.Errno(0x1).
func evaluate(e ast.Expr) (int64, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind != token.INT {
			return 0, false
		}
		v := constant.MakeFromLiteral(e.Value, e.Kind, 0)
		if n, exact := constant.Int64Val(v); exact {
			return n, true
		}
		n, exact := constant.Uint64Val(v)
		return int64(n), exact
	case *ast.UnaryExpr:
		v, ok := evaluate(e.X)
		return -v, ok && e.Op == token.SUB
	case *ast.CallExpr:
		if len(e.Args) == 1 {
			return evaluate(e.Args[0])
		}
	}
	return 0, false
}
