// Command pause waits until it is killed, or for a minute: a process whose
// filters somebody looks at. It must be linked statically (CGO_ENABLED=0).
package main

import "time"

func main() { time.Sleep(time.Minute) }
