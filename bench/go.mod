module github.com/narrow-sandbox/narrow/bench

go 1.26.0

require (
	github.com/narrow-sandbox/narrow v0.0.0
	golang.org/x/net v0.62.0
	golang.org/x/sys v0.49.0
)

require (
	kernel.org/pub/linux/libs/security/libcap/cap v1.2.78 // indirect
	kernel.org/pub/linux/libs/security/libcap/psx v1.2.78 // indirect
)

replace github.com/narrow-sandbox/narrow => ../
