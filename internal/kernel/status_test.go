package kernel

import (
	"os"
	"runtime"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const statusText = `Name:	mc-worker
Umask:	0022
State:	S (sleeping)
Tgid:	812
Pid:	815
PPid:	1
TracerPid:	0
Uid:	0	1	2	3
Gid:	4	5	6	7
Groups:	4 24 27 
SigBlk:	0000000000010000
SigIgn:	0000000000001000
CapInh:	0000000000000000
CapPrm:	000001ffffffffff
CapEff:	0000000000000400
CapBnd:	000001ffffffffff
CapAmb:	0000000000000400
NoNewPrivs:	1
Seccomp:	2
Seccomp_filters:	3
Speculation_Store_Bypass:	vulnerable
`

func TestParseStatus(t *testing.T) {
	got, err := ParseStatus(statusText)
	if err != nil {
		t.Fatal(err)
	}
	want := &Status{
		TID: 815, TGID: 812, PPID: 1, Name: "mc-worker", State: 'S', UID: [4]uint32{0, 1, 2, 3}, GID: [4]uint32{4, 5, 6, 7}, Groups: []uint32{4, 24, 27},
		NoNewPrivs: true, SeccompMode: 2, SeccompFilters: 3, CapPermitted: 1<<41 - 1, CapEffective: 1 << 10, CapBounding: 1<<41 - 1, CapAmbient: 1 << 10,
		SigBlocked: 1 << 16, SigIgnored: 1 << 12,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	old, err := ParseStatus("Pid:\t1\n")
	if err != nil || old.SeccompFilters != -1 {
		t.Errorf("before 5.9: %+v, %v", old, err)
	}
	for _, bad := range []string{"Uid:\t1 2 3\n", "Seccomp:\ttwo\n", "CapEff:\tx\n", "Groups:\t-1\n", "Pid:\t\n"} {
		if s, err := ParseStatus(bad); err == nil {
			t.Errorf("%q: %+v", bad, s)
		}
	}
}

func FuzzParseStatus(f *testing.F) {
	f.Add(statusText)
	f.Add("Uid:\t1 2 3 4 5\nState:\n")
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := ParseStatus(text); (s == nil) == (err == nil) {
			t.Errorf("%+v, %v", s, err)
		}
	})
}

// The live kernel's text is read whole: the thread's own facts are there.
func TestThreadStatus(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("not Linux")
	}
	all, err := ProcessStatus(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	// Thread ids start again from low numbers, so the first thread need not come first.
	main := slices.IndexFunc(all, func(s *Status) bool { return s.TID == os.Getpid() })
	if main < 0 || int(all[main].UID[0]) != os.Getuid() || all[main].State == 0 {
		t.Errorf("%+v", all)
	}
	if _, err := ThreadStatus(os.Getpid(), 1<<30); err == nil {
		t.Error("a thread that is not there has a status")
	}
}
