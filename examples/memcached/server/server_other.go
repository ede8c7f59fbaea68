//go:build !linux

package server

import (
	"context"

	"github.com/narrow-sandbox/narrow"
)

// Run needs Linux.
func Run(context.Context, Config) error { return narrow.ErrNotSupported }
