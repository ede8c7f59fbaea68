package seccomp

import "github.com/narrow-sandbox/narrow/compat/scmp"

// ScmpFd is the descriptor on which notifications arrive.
type ScmpFd int32

// ScmpNotifData is the call that waits for an answer.
type ScmpNotifData struct {
	Syscall      ScmpSyscall `json:"syscall,omitempty"`
	Arch         ScmpArch    `json:"arch,omitempty"`
	InstrPointer uint64      `json:"instr_pointer,omitempty"`
	Args         []uint64    `json:"args,omitempty"` // six
}

// ScmpNotifReq is a notification.
type ScmpNotifReq struct {
	ID    uint64        `json:"id,omitempty"`
	Pid   uint32        `json:"pid,omitempty"` // the thread that made the call
	Flags uint32        `json:"flags,omitempty"`
	Data  ScmpNotifData `json:"data,omitempty"`
}

// ScmpNotifResp is the answer to the notification with the same ID.
type ScmpNotifResp struct {
	ID    uint64 `json:"id,omitempty"`
	Error int32  `json:"error,omitempty"` // an errno, or 0
	Val   uint64 `json:"val,omitempty"`   // what the call returns if Error is 0
	Flags uint32 `json:"flags,omitempty"`
}

// NotifRespFlagContinue lets the call run; Error is 0 then.
const NotifRespFlagContinue uint32 = 1

// notifSupported is an error if there are no notifications here.
func notifSupported() error { return checkAPI("seccomp notification", 6, 2, 5, 0) }

// GetNotifFd returns the descriptor of the filter with ActNotify that was
// loaded, -1 if none was.
func (f *ScmpFilter) GetNotifFd() (ScmpFd, error) {
	fd := ScmpFd(-1)
	err := f.with(func(*scmp.Context) error {
		if err := notifSupported(); err != nil {
			return err
		}
		fd = ScmpFd(kernel.Listener())
		return nil
	})
	return fd, err
}

// NotifReceive waits for a notification. ENOENT says that the thread died
// meanwhile.
func NotifReceive(fd ScmpFd) (*ScmpNotifReq, error) {
	if err := notifSupported(); err != nil {
		return nil, err
	}
	n, err := scmp.Receive(int(fd))
	if err != nil {
		return nil, err
	}
	arch, err := archOf(scmp.Token(n.Data.Arch))
	if err != nil {
		return nil, err
	}
	return &ScmpNotifReq{ID: n.ID, Pid: n.PID, Flags: n.Flags, Data: ScmpNotifData{
		Syscall: ScmpSyscall(int32(n.Data.Nr)), Arch: arch, InstrPointer: n.Data.IP, Args: n.Data.Args[:]}}, nil
}

// NotifRespond answers a notification. ENOENT says that nobody waits any more.
func NotifRespond(fd ScmpFd, scmpResp *ScmpNotifResp) error {
	if err := notifSupported(); err != nil {
		return err
	}
	return scmp.Respond(int(fd), scmp.Response{ID: scmpResp.ID, Val: int64(scmpResp.Val), Error: -scmpResp.Error, Flags: scmpResp.Flags})
}

// NotifIDValid is ENOENT if the thread of a notification does not wait any
// more, so that what was read of its memory may be another's.
func NotifIDValid(fd ScmpFd, id uint64) error {
	if err := notifSupported(); err != nil {
		return err
	}
	return scmp.IDValid(int(fd), id)
}
