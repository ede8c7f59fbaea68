//go:build !unix

package main

// become is for unix.
func become(string) error { return nil }
