package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"time"
)

// cacheClient is a client of the demo's server.
type cacheClient struct {
	conn net.Conn
	in   *bufio.Reader
}

func dialCache(address string) (*cacheClient, error) {
	conn, err := net.DialTimeout("tcp", address, demoPatience)
	if err != nil {
		return nil, err
	}
	if err := conn.SetDeadline(time.Now().Add(demoPatience)); err != nil {
		conn.Close()
		return nil, err
	}
	return &cacheClient{conn, bufio.NewReader(conn)}, nil
}

func (c *cacheClient) close() { c.conn.Close() }

// storeAndRead stores values, some large, and reads them back. It returns how
// many came back as they were.
func (c *cacheClient) storeAndRead(prefix string) (int, error) {
	const values = 100
	for i := range values {
		key, value := fmt.Sprintf("%s-%d", prefix, i), bytes.Repeat([]byte{byte('a' + i%26)}, 1+i*i*10)
		if err := c.expect("STORED\r\n", "set %s 0 0 %d\r\n%s\r\n", key, len(value), value); err != nil {
			return i, err
		}
		answer := fmt.Sprintf("VALUE %s 0 %d\r\n%s\r\nEND\r\n", key, len(value), value)
		if err := c.expect(answer, "get %s\r\n", key); err != nil {
			return i, err
		}
	}
	return values, nil
}

// expect sends a command and demands an answer.
func (c *cacheClient) expect(answer, command string, args ...any) error {
	if _, err := fmt.Fprintf(c.conn, command, args...); err != nil {
		return err
	}
	got := make([]byte, len(answer))
	if _, err := io.ReadFull(c.in, got); err != nil {
		return fmt.Errorf("no whole answer: %w", err)
	}
	if string(got) != answer {
		return fmt.Errorf("the answer is %.60q, expected %.60q", got, answer)
	}
	return nil
}

// attempts lets the worker that serves this client try everything, and returns
// the account of all stages so far.
func (c *cacheClient) attempts() ([]demoStage, error) {
	if _, err := fmt.Fprintf(c.conn, "%s\r\n", attemptsCommand); err != nil {
		return nil, err
	}
	line, err := c.in.ReadBytes('\n')
	if err != nil {
		return nil, fmt.Errorf("no account: %w", err)
	}
	var stages []demoStage
	if err := json.Unmarshal(line, &stages); err != nil {
		return nil, fmt.Errorf("the account: %w", err)
	}
	return stages, nil
}
