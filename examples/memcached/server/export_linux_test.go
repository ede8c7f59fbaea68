package server

// TestOnlyRuntimeWake is runtimeWake, for tests that make a sandbox themselves.
var TestOnlyRuntimeWake = runtimeWake
