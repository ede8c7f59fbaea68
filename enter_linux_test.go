package narrow_test

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/narrow-sandbox/narrow"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/narrowtest"
)

// staircase denies little, so that Go's test machinery lives on.
const staircase = `language 1
policy staircase
arch x86_64, aarch64 else kill-process
default allow
phase init {
	errno EPERM ptrace
}
phase serving {
	errno EPERM ptrace
	errno EXDEV mkdirat
	thread worker { kill-process chdir  kill-thread fchdir }
	thread log-*  { errno EBUSY chdir }
}
`

func sandbox(t testing.TB, text string, o ...narrow.Options) *narrow.Sandbox {
	t.Helper()
	s, err := narrow.Parse("test.narrow", text, o...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// inChild runs f in a process of its own, which must come to a good end.
func inChild(t *testing.T, f func() error) {
	t.Helper()
	if o := (narrowtest.In{}).Try(t, f); !o.Done || o.Text != "" {
		t.Fatal(o)
	}
}

// mkdir makes a folder that cannot be made, by mkdirat on every architecture.
func mkdir() error {
	return errors.Unwrap(errOf(os.Mkdir("/nonexistent/folder", 0)))
}

func errOf(err error) error {
	if err == nil {
		return errors.New("it worked")
	}
	return err
}

// busy keeps goroutines and locked threads at work until the process ends.
func busy(threads int) {
	for range threads {
		var ready sync.WaitGroup
		ready.Add(2)
		go func() {
			runtime.LockOSThread()
			ready.Done()
			for {
				time.Sleep(100 * time.Microsecond)
				_ = make([]byte, 1<<12)
			}
		}()
		go func() {
			ready.Done()
			for i := 0; ; i++ {
				_, _ = os.Stat("/")
				if i%100 == 0 {
					runtime.GC()
				}
			}
		}()
		ready.Wait()
	}
}

func TestEnterReachesEveryThread(t *testing.T) {
	s := sandbox(t, staircase)
	inChild(t, func() error {
		busy(12)
		for n, phase := range s.Phases() {
			r, err := s.Enter(phase)
			if err != nil {
				return err
			}
			if len(r.Threads) < 13 || !r.Whole() || r.Layer(narrow.LayerSeccomp).Status != narrow.Enforced {
				return fmt.Errorf("not whole:\n%v", r)
			}
			for _, th := range r.Threads {
				if th.Filters != n+1 || th.Seccomp != 2 || !th.NoNewPrivs {
					return fmt.Errorf("phase %s: thread %+v", phase, th)
				}
			}
		}
		// And by what it does: on each of many threads.
		errs := make(chan error)
		for range 20 {
			go func() {
				runtime.LockOSThread()
				errs <- syscall.Mkdir("/nonexistent/folder", 0)
			}()
		}
		for range 20 {
			if err := <-errs; err != syscall.EXDEV {
				return fmt.Errorf("mkdir: %v", err)
			}
		}
		return nil
	})
}

func TestPhasesHaveAnOrder(t *testing.T) {
	s := sandbox(t, staircase)
	inChild(t, func() error {
		steps := []struct {
			phase string
			kind  error
		}{
			{"nothing", narrow.ErrUnknownPhase},
			{"serving", narrow.ErrOrder},
			{"init", nil},
			{"init", narrow.ErrEntered},
			{"serving", nil},
			{"serving", narrow.ErrEntered},
			{"init", narrow.ErrEntered},
		}
		for _, step := range steps {
			r, err := s.Enter(step.phase)
			if !errors.Is(err, step.kind) || (err == nil) != (r != nil) {
				return fmt.Errorf("Enter(%q): %v, want %v", step.phase, err, step.kind)
			}
		}
		return nil
	})
}

func TestThreadComesAfterProcess(t *testing.T) {
	s := sandbox(t, staircase)
	inChild(t, func() error {
		if _, err := s.EnterThread("worker"); !errors.Is(err, narrow.ErrOrder) {
			return fmt.Errorf("before any phase: %v", err)
		}
		if _, err := s.Enter("init"); err != nil {
			return err
		}
		if _, err := s.EnterThread("worker"); !errors.Is(err, narrow.ErrUnknownClass) {
			return fmt.Errorf("a class of another phase: %v", err)
		}
		result := make(chan error)
		go func() {
			runtime.LockOSThread()
			_, err := s.EnterThread("")
			result <- err
			select {} // keeps the thread
		}()
		if err := <-result; err != nil {
			return err
		}
		if _, err := s.Enter("serving"); !errors.Is(err, narrow.ErrOrder) {
			return fmt.Errorf("a phase after a thread: %v", err)
		}
		return nil
	})
}

func TestThreadHasItsOwnFilter(t *testing.T) {
	serving := narrowtest.In{Sandbox: sandbox(t, staircase), Phase: "serving"}
	worker, logger := serving, serving
	worker.Class, logger.Class = "worker", "log-7"
	chdir := func() error { return syscall.Chdir("/") }
	serving.Allows(t, "process", chdir)
	worker.Kills(t, "worker", chdir)
	worker.Kills(t, "worker's thread alone", func() error { return syscall.Fchdir(0) })
	worker.Fails(t, "the process's rules hold too", syscall.EXDEV, mkdir)
	logger.Fails(t, "by a glob", syscall.EBUSY, chdir)
	logger.Allows(t, "other threads go free", func() error {
		result := make(chan error)
		go func() { result <- syscall.Chdir("/") }()
		return <-result
	})
}

func TestEnterThreadIsSeenAndOnce(t *testing.T) {
	s := sandbox(t, staircase)
	inChild(t, func() error {
		for _, phase := range s.Phases() {
			if _, err := s.Enter(phase); err != nil {
				return err
			}
		}
		tid := kernel.Gettid()
		r, err := s.EnterThread("worker")
		if err != nil {
			return err
		}
		if len(r.Threads) != 1 || r.Threads[0].TID != tid || r.Threads[0].Filters != 3 || !r.Whole() {
			return fmt.Errorf("not seen:\n%v", r)
		}
		for range 1000 {
			runtime.Gosched()
			if kernel.Gettid() != tid {
				return errors.New("the goroutine has left its thread")
			}
		}
		_, err = s.EnterThread("worker")
		if !errors.Is(err, narrow.ErrEntered) {
			return fmt.Errorf("twice: %v", err)
		}
		return nil
	})
}

// Without a locked thread it is an error, and nothing is installed anywhere.
func TestEnterThreadNeedsALockedThread(t *testing.T) {
	s := sandbox(t, staircase)
	inChild(t, func() error {
		for _, phase := range s.Phases() {
			if _, err := s.Enter(phase); err != nil {
				return err
			}
		}
		result := make(chan error)
		go func() {
			_, err := s.EnterThread("worker")
			result <- err
		}()
		err := <-result
		if !errors.Is(err, narrow.ErrNotLocked) || !strings.Contains(err.Error(), "phase serving: thread worker: ") || !strings.Contains(err.Error(), "runtime.LockOSThread") {
			return fmt.Errorf("got %v", err)
		}
		all, err := kernel.ProcessStatus(os.Getpid())
		if err != nil {
			return err
		}
		for _, th := range all {
			if th.SeccompFilters != 2 {
				return fmt.Errorf("thread %d has %d filters", th.TID, th.SeccompFilters)
			}
		}
		go func() {
			runtime.LockOSThread()
			_, err := s.EnterThread("log-1")
			runtime.UnlockOSThread() // a mistake, which does not free the thread
			tid := kernel.Gettid()
			for range 1000 {
				runtime.Gosched()
			}
			if kernel.Gettid() != tid {
				err = errors.New("the goroutine has left its thread")
			}
			result <- err
		}()
		return <-result
	})
}

// Threads end with their goroutines, and their ids come again; none of it
// stands in the way of others.
func TestManyThreadsEnter(t *testing.T) {
	s := sandbox(t, staircase)
	inChild(t, func() error {
		for _, phase := range s.Phases() {
			if _, err := s.Enter(phase); err != nil {
				return err
			}
		}
		errs := make(chan error)
		for i := range 200 {
			go func() {
				runtime.LockOSThread()
				_, err := s.EnterThread([]string{"log-1", "worker", ""}[i%3])
				errs <- err
			}()
		}
		for range 200 {
			if err := <-errs; err != nil {
				return err
			}
		}
		return syscall.Chdir("/") // this one is free
	})
}

// allowAll is a filter of n instructions that allows everything.
func allowAll(n int) bpf.Program {
	p := make(bpf.Program, n)
	for i := range p {
		p[i] = bpf.Stmt(bpf.RET|bpf.K, uint32(bpf.RetAllow))
	}
	return p
}

func TestDivergingThreadIsNamed(t *testing.T) {
	for _, files := range []string{"", "files { read /etc }\n"} {
		t.Run(fmt.Sprintf("landlock=%t", files != ""), func(t *testing.T) {
			s := sandbox(t, strings.Replace(staircase, "phase init", files+"phase init", 1))
			inChild(t, func() error {
				tids := make(chan int)
				go func() {
					runtime.LockOSThread()
					_ = kernel.SetNoNewPrivs()
					_, _ = kernel.SeccompSetModeFilter(allowAll(1), 0)
					tids <- kernel.Gettid()
					select {}
				}()
				tid := <-tids
				_, err := s.Enter("init")
				var diverging *narrow.DivergingThreadError
				if !errors.As(err, &diverging) || diverging.TID != tid || diverging.Filters != 1 || diverging.Caller != 0 {
					return fmt.Errorf("thread %d: %v", tid, err)
				}
				return untouched()
			})
		})
	}
}

// untouched checks that this thread has no layer.
func untouched() error {
	st, err := kernel.ThreadStatus(os.Getpid(), kernel.Gettid())
	if err != nil {
		return err
	}
	if st.SeccompFilters != 0 {
		return fmt.Errorf("%d filters", st.SeccompFilters)
	}
	_, err = os.ReadDir("/")
	return err
}

// The kernel's budget of instructions is used up by others: nothing of the
// phase is entered, not even Landlock, which comes first.
func TestBudgetExhausted(t *testing.T) {
	s := sandbox(t, strings.Replace(staircase, "phase init", "files { read /etc }\nphase init", 1))
	inChild(t, func() error {
		if err := kernel.SetNoNewPrivs(); err != nil {
			return err
		}
		for n := 4096; n > 0; {
			if _, err := kernel.SeccompSetModeFilter(allowAll(n), kernel.FilterTSYNC); err != nil {
				n /= 2
			}
		}
		_, err := s.Enter("init")
		if !errors.Is(err, syscall.ENOMEM) || !strings.Contains(err.Error(), "more than the 32768 instructions that the kernel grants a thread; install fewer") {
			return fmt.Errorf("want ENOMEM, with its reason: %v", err)
		}
		_, err = os.ReadDir("/")
		return err
	})
}

func TestLandlockOnEveryThread(t *testing.T) {
	s := sandbox(t, strings.Replace(staircase, "phase init", "files { read /etc }\nnetwork { bind tcp 7 }\nphase init", 1))
	inChild(t, func() error {
		busy(6)
		r, err := s.Enter("init")
		if err != nil {
			return err
		}
		if l := r.Layer(narrow.LayerLandlock); l.Status != narrow.Enforced || !strings.Contains(l.Seen, "is denied") {
			return fmt.Errorf("not seen:\n%v", r)
		}
		if len(r.Threads) < 7 || len(r.Descriptors) == 0 {
			return fmt.Errorf("nothing seen:\n%v", r)
		}
		errs := make(chan error)
		for range 20 {
			go func() {
				runtime.LockOSThread()
				_, err := os.ReadDir("/")
				_, err2 := os.ReadDir("/etc")
				errs <- errors.Join(err2, want(err, syscall.EACCES))
			}()
		}
		for range 20 {
			if err := <-errs; err != nil {
				return err
			}
		}
		return nil
	})
}

func want(err, target error) error {
	if errors.Is(err, target) {
		return nil
	}
	return fmt.Errorf("got %v, want %v", err, target)
}

// A later phase's domain is entered though its filter lets no path be opened.
func TestLandlockInALaterPhase(t *testing.T) {
	text := `language 1
policy later
arch x86_64, aarch64 else kill-process
default allow
phase init { errno EPERM landlock_create_ruleset landlock_add_rule landlock_restrict_self ptrace }
phase serving { errno EPERM landlock_create_ruleset landlock_add_rule landlock_restrict_self ptrace
	files { read /etc } }
`
	serving := narrowtest.In{Sandbox: sandbox(t, text), Phase: "serving"}
	serving.Allows(t, "inside", func() error { _, err := os.ReadDir("/etc"); return err })
	serving.Fails(t, "outside", syscall.EACCES, func() error { _, err := os.ReadDir("/"); return err })
	init := narrowtest.In{Sandbox: serving.Sandbox, Phase: "init"}
	init.Allows(t, "before", func() error { _, err := os.ReadDir("/"); return err })
}

// More threads than the phase lets the process have descriptors.
func TestLimitOfDescriptors(t *testing.T) {
	s := sandbox(t, strings.Replace(staircase, "phase init", "process { rlimit NOFILE 16 }\nphase init", 1))
	inChild(t, func() error {
		busy(30)
		r, err := s.Enter("init")
		if err != nil {
			return err
		}
		if len(r.Threads) < 31 {
			return fmt.Errorf("%d threads seen:\n%v", len(r.Threads), r)
		}
		return nil
	})
}

// A phase that denies all of /proc is entered, and the report says what that means.
func TestPhaseThatCannotLook(t *testing.T) {
	text := `language 1
policy blind
arch x86_64, aarch64 else kill-process
default allow
kill-process openat read
`
	s := sandbox(t, text)
	inChild(t, func() error {
		r, err := s.Enter("all")
		if err != nil {
			return err
		}
		if l := r.Layer(narrow.LayerSeccomp); l.Status != narrow.Accepted || len(r.Threads) != 0 || !r.Whole() {
			return fmt.Errorf("%v", r)
		}
		return nil
	})
}

func TestAuditOnlyDeniesNothing(t *testing.T) {
	s := sandbox(t, "language 1\npolicy audit\narch x86_64, aarch64 else kill-process\ndefault allow\nkill-process chdir\nfiles { read /etc }\n",
		narrow.Options{Needs: narrow.Needs{Seccomp: narrow.AuditOnly, Landlock: narrow.AuditOnly}})
	inChild(t, func() error {
		r, err := s.Enter("all")
		if err != nil {
			return err
		}
		if r.Layer(narrow.LayerSeccomp).Status != narrow.Watching || r.Layer(narrow.LayerLandlock).Status != narrow.Absent || r.Whole() {
			return fmt.Errorf("%v", r)
		}
		return syscall.Chdir("/")
	})
}

func TestProcessBlock(t *testing.T) {
	const head = "language 1\npolicy block\narch x86_64, aarch64 else kill-process\ndefault allow\nerrno EPERM ptrace\n"
	inside := narrowtest.In{Sandbox: sandbox(t, head+"process { memory write-xor-execute  rlimit NOFILE 64 }\n"), Phase: "all"}
	inside.Fails(t, "executable memory", syscall.EACCES, func() error {
		_, err := syscall.Mmap(-1, 0, 4096, syscall.PROT_WRITE|syscall.PROT_EXEC, syscall.MAP_PRIVATE|syscall.MAP_ANON)
		return err
	})
	inside.Allows(t, "limit", func() error {
		l, err := kernel.GetLimit(syscall.RLIMIT_NOFILE)
		if l.Hard != 64 {
			return fmt.Errorf("limit %+v, %v", l, err)
		}
		return nil
	})
	for _, line := range []string{"user nobody", "capabilities none", "descriptors 900"} {
		t.Run(line, func(t *testing.T) {
			s := sandbox(t, head+"process { "+line+" }\n")
			inChild(t, func() error {
				_, err := s.Enter("all")
				return errors.Join(want(err, narrow.ErrNotSupported), untouched())
			})
		})
	}
}

// What is kept suffices: the first phase allows only what Go itself needs, and
// kills for everything else; the second brings a domain and thread classes.
func TestKeptCallsSuffice(t *testing.T) {
	const text = `language 1
policy tight
arch x86_64, aarch64 else kill-process
default kill-process
errno ENOSYS clone3
phase init { allow @startup @go-runtime @network-io }
phase serving {
	allow @go-runtime @network-io
	errno EPERM openat
	files { read /etc }
	thread worker { errno EBUSY getpid }
	thread other { allow @network-io }
}
`
	for name, trigger := range map[string]string{"by itself": "", "in place of a tracer": " after epoll_pwait in main"} {
		t.Run(name, func(t *testing.T) {
			serving := narrowtest.In{Sandbox: sandbox(t, strings.Replace(text, "phase serving", "phase serving"+trigger, 1)), Phase: "serving"}
			serving.Allows(t, "process", func() error { return nil })
			worker := serving
			worker.Class = "worker"
			worker.Kills(t, "worker", func() error { return syscall.Chdir("/") })
			worker.Allows(t, "nothing more", func() error { return nil })
		})
	}
}

// Threads that start and end while the phases are entered: none is missed, and
// none that ends stands in the way.
func TestEnterWhileThreadsComeAndGo(t *testing.T) {
	s := sandbox(t, strings.Replace(staircase, "phase init", "files { read /etc }\nphase init", 1))
	inChild(t, func() error {
		for range 4 {
			go func() {
				for {
					done := make(chan bool)
					go func() {
						runtime.LockOSThread() // its thread ends with it
						close(done)
					}()
					<-done
				}
			}()
		}
		time.Sleep(time.Millisecond)
		for n, phase := range s.Phases() {
			r, err := s.Enter(phase)
			if err != nil {
				return err
			}
			for _, th := range r.Threads {
				if th.Filters != n+1 {
					return fmt.Errorf("phase %s: %+v", phase, th)
				}
			}
		}
		for range 50 {
			result := make(chan error)
			go func() {
				runtime.LockOSThread()
				_, err := os.ReadDir("/")
				result <- errors.Join(want(err, syscall.EACCES), want(syscall.Mkdir("/nonexistent/folder", 0), syscall.EXDEV))
			}()
			if err := <-result; err != nil {
				return err
			}
		}
		return nil
	})
}
