package main

import (
	"fmt"
	"io/fs"
	"net/netip"
	"strconv"
	"strings"
)

// The values of flags, each set by a function that reads its text.

// addAddresses reads addresses with commas between. Names are not looked up,
// as that would need files and sockets that no phase allows.
func addAddresses(to *[]netip.Addr) func(string) error {
	return func(text string) error {
		for word := range strings.SplitSeq(text, ",") {
			if word == "localhost" {
				word = "127.0.0.1"
			}
			address, err := netip.ParseAddr(strings.Trim(word, "[]"))
			if err != nil {
				return fmt.Errorf("%q is no IP address, and names are not looked up", word)
			}
			*to = append(*to, address.Unmap())
		}
		return nil
	}
}

func setMode(to *fs.FileMode) func(string) error {
	return func(text string) error {
		n, err := strconv.ParseUint(text, 8, 9)
		if err != nil {
			return fmt.Errorf("expected octal permissions such as 700")
		}
		*to = fs.FileMode(n)
		return nil
	}
}

func setMegabytes(to *int64) func(string) error {
	return func(text string) error {
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil || n == 0 {
			return fmt.Errorf("expected a number of megabytes")
		}
		*to = int64(n) << 20
		return nil
	}
}

// setSize reads a number of bytes, or with k or m behind it.
func setSize(to *int) func(string) error {
	return func(text string) error {
		digits, shift := text, 0
		switch {
		case strings.HasSuffix(text, "k"):
			digits, shift = text[:len(text)-1], 10
		case strings.HasSuffix(text, "m"):
			digits, shift = text[:len(text)-1], 20
		}
		n, err := strconv.ParseUint(digits, 10, 31)
		if err != nil || n<<shift > 1<<30 {
			return fmt.Errorf("expected a size such as 1048576, 512k or 1m, of at most 1024m")
		}
		*to = int(n) << shift
		return nil
	}
}

// raise makes a flag say more the more often it is given, up to 2.
func raise(to *int, by int) func(string) error {
	return func(string) error {
		*to = min(*to+by, 2)
		return nil
	}
}

func noUDP(text string) error {
	if text != "0" {
		return fmt.Errorf("there is no UDP; expected 0")
	}
	return nil
}
