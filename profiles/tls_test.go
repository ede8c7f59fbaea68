package profiles_test

import (
	"crypto/tls"
	"net"
	"testing"
)

// dialTLS connects without looking at the certificate, which the test made itself.
func dialTLS(t *testing.T, address string) net.Conn {
	t.Helper()
	d := &net.Dialer{Timeout: patience}
	conn, err := tls.DialWithDialer(d, "tcp", address, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}
