package policy

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// TestHostile resolves texts that are made to be slow, of the greatest length
// with NARROW_LONG=1.
// The slowest took 2.4 s where it was written; without the bounds that it
// tests, some took hours or all memory.
func TestHostile(t *testing.T) {
	size := maxText / 16
	if os.Getenv("NARROW_LONG") != "" {
		size = maxText
	}
	repeat := func(format string, n int) string {
		var b strings.Builder
		for i := 0; b.Len() < size-4096 && i < n; i++ {
			b.WriteString(strings.ReplaceAll(format, "N", fmt.Sprint(i)))
		}
		return b.String()
	}
	const all = 1 << 30
	const head = "arch x86_64, aarch64, i386 default errno EPERM\n"
	for name, text := range map[string]string{
		"calls":            head + "allow" + repeat(" read", all),
		"conditional":      head + "allow" + repeat(" read(fd==N)", all),
		"conditional pair": head + "allow" + repeat(" read(fd&N==N,count>N)", all),
		"unknown calls":    head + "allow" + repeat(" raedN", all),
		"unknown consts":   head + "allow" + repeat(" read(fd==AF_INEN)", all),
		"sets doubling":    head + repeat("set @aN { @aN0 @aN1 @bN read(fd==N) }\n", 1) + repeat("set @bN { @c @c read(fd==N) }\n", size/50) + "set @c { write }",
		"chain of sets":    head + chain(size/50),
		"long list":        head + "allow read(fd in {" + repeat("N,", all) + "1})",
		"whens":            head + "param p = 1\n" + repeat("when $p { allow read(fd==N) }\n", all),
		"phases":           head + "files { read / }\n" + repeat("phase pN { thread x { allow read } thread y {} }\n", all),
		"threads":          head + "phase p { " + repeat("thread xN { allow read }\n", all) + "}",
		"params":           head + repeat("param pN = 1\n", all),
		"files":            head + repeat("files { read /aN }\n", all),
		"paths":            head + "files { " + repeat("read /aN\n", size/50) + "} phase a { files { " + repeat("read /aN\n", size/50) + "} }",
		"tests":            head + "phase a {}" + repeat("test a { allow read }\n", all),
	} {
		t.Run(name, func(t *testing.T) {
			begin := time.Now()
			_, err := Load("t", []byte(text), Options{})
			took := time.Since(begin)
			if took > 10*time.Minute { // on a slow machine that is busy
				t.Errorf("%d bytes took %v: %.100v", len(text), took, err)
			}
		})
	}
}

// chain is sets that each hold the next.
func chain(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "set @s%d { @s%d read(fd==%d) }\n", i, i+1, i)
	}
	return b.String() + fmt.Sprintf("set @s%d { read }\nallow @s0", n)
}
