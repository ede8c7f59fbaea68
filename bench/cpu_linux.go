package main

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// processors are two that this process may use: one for what is measured and
// one for what drives it. They are the same if there is only one.
func processors() (measured, driver int, err error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return 0, 0, err
	}
	measured, driver = -1, -1
	for cpu := range 1024 {
		if set.IsSet(cpu) {
			measured, driver = driver, cpu
		}
	}
	if measured < 0 {
		measured = driver
	}
	return measured, driver, nil
}

// pin binds a thread to a processor; 0 is the calling one.
func pin(tid, cpu int) error {
	var set unix.CPUSet
	set.Set(cpu)
	return unix.SchedSetaffinity(tid, &set)
}

// unpin lets the calling thread run on every processor again.
func unpin() {
	var set unix.CPUSet
	for cpu := range 1024 {
		set.Set(cpu)
	}
	_ = unix.SchedSetaffinity(0, &set) // those that there are not are left out
}

// pinProcess binds all threads that a process has.
func pinProcess(pid, cpu int) error {
	tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return err
	}
	for _, task := range tasks {
		tid, _ := strconv.Atoi(task.Name())
		if err := pin(tid, cpu); err != nil && err != unix.ESRCH {
			return err
		}
	}
	return nil
}

// processClock is the clock of the CPU that a process has used, user and
// system, all threads (clock_getcpuclockid(3): CPUCLOCK_SCHED). It is exact to
// the nanosecond, while /proc/PID/stat counts hundredths of a second.
func processClock(pid int) int32 { return int32(^pid<<3 | 2) }

// cpuUsed reads such a clock.
func cpuUsed(clock int32) (time.Duration, error) {
	var ts unix.Timespec
	err := unix.ClockGettime(clock, &ts)
	return time.Duration(ts.Nano()), err
}
