//go:build !linux

package main

import "errors"

func reservePort() (port int, release func(), err error) {
	return 0, nil, errors.New("the demo's server needs Linux")
}
