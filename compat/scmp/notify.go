package scmp

import "github.com/narrow-sandbox/narrow/bpf"

// Notification is a call that waits for an answer.
type Notification struct {
	ID    uint64
	PID   uint32 // the thread that made it
	Flags uint32
	Data  bpf.Data
}

// Response is the answer to a Notification.
type Response struct {
	ID    uint64
	Val   int64  // what the call returns if Error is 0
	Error int32  // a negative errno, or 0
	Flags uint32 // 1 lets the call run
}
