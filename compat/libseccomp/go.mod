module github.com/narrow-sandbox/narrow/compat/libseccomp

go 1.26.0

require github.com/narrow-sandbox/narrow v0.0.0

require (
	golang.org/x/sys v0.49.0 // indirect
	kernel.org/pub/linux/libs/security/libcap/cap v1.2.78 // indirect
	kernel.org/pub/linux/libs/security/libcap/psx v1.2.78 // indirect
)

replace github.com/narrow-sandbox/narrow => ../..
