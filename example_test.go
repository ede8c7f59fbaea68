package narrow_test

import (
	"fmt"
	"log"
	"runtime"

	"github.com/narrow-sandbox/narrow"
)

const examplePolicy = `language 1
policy server
arch x86_64, aarch64 else kill-process
default errno EPERM
phase init {
	allow @startup @go-runtime @network-io socket bind listen
}
phase serving {
	allow @go-runtime @network-io
	thread worker { allow getpid }
}
`

// A policy is read, compiled and proved before anything is installed.
func ExampleParse() {
	sandbox, err := narrow.Parse("server.narrow", examplePolicy)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(sandbox.Phases())
	// Output: [init serving]
}

// Phases come in their order; an error installs nothing.
func ExampleSandbox_Enter() {
	sandbox, err := narrow.Parse("server.narrow", examplePolicy)
	if err != nil {
		log.Fatal(err)
	}
	_, err = sandbox.Enter("serving")
	fmt.Println(err)
	// Output: phase serving: the phases before it are not entered; enter init first
}

// A thread's filter comes on top of the process's.
func ExampleSandbox_EnterThread() {
	sandbox, err := narrow.Parse("server.narrow", examplePolicy)
	if err != nil {
		log.Fatal(err)
	}
	_, err = sandbox.EnterThread("worker")
	fmt.Println(err)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	_, err = sandbox.EnterThread("worker")
	fmt.Println(err)
	// Output:
	// thread worker: the goroutine is not locked to its thread, which other goroutines would go on using; call runtime.LockOSThread first, and never unlock it
	// thread worker: no phase is entered, and a process's filters come before a thread's; call Enter("init") first
}
