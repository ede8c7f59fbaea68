package policy_test

import (
	"fmt"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/policy"
)

// A policy is asked for the verdict of a call, and for the rule that decides it.
func ExampleLoad() {
	text := `arch x86_64
default kill-process
allow write(fd in {1, 2}) exit_group rt_sigreturn
errno EPERM socket(family != AF_UNIX)`
	p, err := policy.Load("hello.narrow", []byte(text), policy.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	e, _ := policy.ParseCall("socket(family == AF_INET, type == SOCK_STREAM)")
	pattern, _ := policy.ResolvePattern(p.Arches, e)
	call, _ := pattern.Example(p.Arches[0])
	verdict, rule, _ := p.Evaluate("all", "main", &call)
	fmt.Println(verdict, "by", rule.Text, "at", rule.Pos)
	// Output: errno EPERM by socket(family != AF_UNIX) at hello.narrow:4:13
}

// All that is wrong with a policy is told at once, with what was meant.
func ExampleLoad_errors() {
	text := `arch x86_64
default errno EPREM
allow epoll_wiat write(fb == 1) read(buf == 4096)`
	_, err := policy.Load("hello.narrow", []byte(text), policy.Options{})
	fmt.Println(err)
	// Output:
	// hello.narrow:2:15: unknown constant "EPREM"; expected a number, a constant of the kernel's headers or a $param; did you mean "EPERM"?
	// hello.narrow:3:7: unknown call "epoll_wiat"; expected a system call, a @set or *; did you mean "epoll_wait"?
	// hello.narrow:3:24: write has no argument named "fb"; expected fd, buf, count or arg0..arg5
	// hello.narrow:3:38: buf is a pointer (char *); expected == NULL or != NULL, as seccomp cannot see what a pointer points to; grant paths in a files block
}

// A call is described in the notation in which policies name it.
func ExampleDescribe() {
	a, _ := abi.ByName("x86_64")
	e, _ := policy.ParseCall("socket(family == 2, type == 0x80001, protocol == 6)")
	pattern, _ := policy.ResolvePattern([]*abi.Arch{a}, e)
	call, _ := pattern.Example(a)
	fmt.Println(policy.Describe(a, call))
	// Output: socket(family == AF_INET, type == SOCK_STREAM|SOCK_CLOEXEC, protocol == IPPROTO_TCP)
}
