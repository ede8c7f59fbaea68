package profiles_test

import (
	"bufio"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/narrow-sandbox/narrow/abi"
)

// A recording is what strace saw of one run of memcached, made into the calls
// that differ: who made them, in which phase, with which arguments. strace runs
// with raw registers, but for openat and write, whose text tells the names of
// threads.
type recording struct {
	calls map[string]bool // lines for `narrow sim --jsonl`

	first   int            // the process's first thread; after -d, the daemon's
	names   map[int]string // of threads, as they were written to their comm
	creator map[int]int    // of threads that were started in phase serving
	serving bool
	begun   map[int]begun // calls that wait for their `resumed` line
}

type begun struct{ name, args string }

var (
	straceLine  = regexp.MustCompile(`^(\d+) +(\w+)\((.*)$`)
	straceRest  = regexp.MustCompile(`^(\d+) +<\.\.\. (\w+) resumed>(.*)$`)
	straceValue = regexp.MustCompile(`\) += (-?\w+)[^=]*$`)
	commWrite   = regexp.MustCompile(`^\d+</proc/\d+/task/(\d+)/comm>, "([^"]*)"`)
	pathOf      = regexp.MustCompile(`<[^>]*>|"(\\.|[^"\\])*"(\.\.\.)?`)
)

// record adds the calls of one of strace's files.
func (rec *recording) record(t *testing.T, path string) {
	t.Helper()
	file, err := os.Open(path)
	must(t, err)
	defer file.Close()
	rec.first, rec.serving = 0, false
	rec.names, rec.creator, rec.begun = map[int]string{}, map[int]int{}, map[int]begun{}
	rec.nameThreads(t, path)
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		rec.line(lines.Text())
	}
	must(t, lines.Err())
}

// nameThreads reads the names first, as a thread's first calls come before it.
func (rec *recording) nameThreads(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	must(t, err)
	for line := range strings.Lines(string(text)) {
		if m := straceLine.FindStringSubmatch(strings.TrimSpace(line)); m != nil && m[2] == "write" {
			if name := commWrite.FindStringSubmatch(m[3]); name != nil {
				tid, _ := strconv.Atoi(name[1])
				rec.names[tid] = name[2]
			}
		}
	}
}

func (rec *recording) line(line string) {
	if m := straceRest.FindStringSubmatch(line); m != nil {
		tid, _ := strconv.Atoi(m[1])
		rec.end(tid, rec.begun[tid], m[3])
		return
	}
	m := straceLine.FindStringSubmatch(line)
	if m == nil {
		return // a thread's or the process's end
	}
	tid, _ := strconv.Atoi(m[1])
	if rec.first == 0 {
		rec.first = tid
	}
	call := begun{m[2], m[3]}
	unfinished := strings.HasSuffix(m[3], "<unfinished ...>")
	if unfinished {
		call.args = strings.TrimSuffix(m[3], " <unfinished ...>")
	} else if i := strings.LastIndex(m[3], ") "); i >= 0 {
		call.args = m[3][:i]
	}
	if call.name == "epoll_wait" && tid == rec.first {
		rec.serving = true
	}
	rec.add(tid, call)
	if unfinished {
		rec.begun[tid] = call
	} else {
		rec.end(tid, call, m[3])
	}
}

// end notes who started a thread or process.
func (rec *recording) end(tid int, call begun, rest string) {
	value := straceValue.FindStringSubmatch(rest)
	if value == nil || call.name != "clone3" && call.name != "clone" {
		return
	}
	child, err := strconv.ParseInt(value[1], 0, 64)
	switch {
	case err != nil || child <= 0:
	case call.name == "clone": // glibc's fork
		rec.first, rec.serving = int(child), false
	case rec.serving:
		rec.creator[int(child)] = tid
	}
}

// class is the thread block for a thread: of one that was started in phase
// serving, its creator's.
func (rec *recording) class(tid int) string {
	if tid == rec.first {
		return "main"
	}
	if creator, ok := rec.creator[tid]; ok {
		return rec.class(creator)
	}
	if name, ok := rec.names[tid]; ok {
		return name
	}
	return "memcached" // before -d forks
}

// add notes a call, unless there was one like it.
func (rec *recording) add(tid int, call begun) {
	arch, _ := abi.ByName("x86_64")
	syscall, ok := arch.Call(call.name)
	if !ok {
		return
	}
	phase := "init"
	if rec.serving {
		phase = "serving"
	}
	var args []string
	for i, text := range strings.Split(pathOf.ReplaceAllStringFunc(call.args, plainPath), ", ") {
		value, err := strconv.ParseInt(strings.TrimSpace(text), 0, 64)
		if unsigned, e := strconv.ParseUint(strings.TrimSpace(text), 0, 64); e == nil {
			value, err = int64(unsigned), nil
		}
		if err == nil && i < 6 {
			args = append(args, fmt.Sprintf(`"%#x"`, uint64(like(syscall, i, value))))
		}
	}
	rec.calls[fmt.Sprintf(`{"phase":%q,"thread":%q,"nr":%q,"args":[%s]}`, phase, rec.class(tid), call.name, strings.Join(args, ","))] = true
}

// plainPath makes the text of a path a pointer, and drops what -y says of a descriptor.
func plainPath(text string) string {
	if text[0] == '"' {
		return "1"
	}
	return ""
}

// exact are arguments whose very value counts, and places those whose size does.
var (
	exact = []string{"flags", "prot", "family", "type", "protocol", "cmd", "option", "level", "optname", "clone_flags", "sig", "behavior",
		"whence", "op", "how", "which", "mode", "resource", "mask", "pid"}
	places = []string{"offset", "pos", "pos_l"}
)

// like makes arguments of one kind one: pointers and numbers are 0 or 1,
// descriptors beyond the standard ones 7, and places their highest bit.
func like(call *abi.Syscall, register int, value int64) int64 {
	i := slices.IndexFunc(call.Args, func(a abi.Arg) bool { return int(a.Reg) == register })
	switch {
	case i < 0 || value < 0 || value == 0xffff_ffff: // -1, as an int's register holds it
		return value
	case slices.Contains(exact, call.Args[i].Name):
		return value
	case call.Args[i].Name == "fd" && value > 2 || call.Args[i].Name == "dfd" && value < 1<<20:
		return 7
	case slices.Contains(places, call.Args[i].Name):
		for value&(value-1) != 0 {
			value &= value - 1
		}
		return value
	}
	return min(1, value)
}
