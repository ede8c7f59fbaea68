module github.com/narrow-sandbox/narrow/bpf/bench

go 1.26.0

require github.com/narrow-sandbox/narrow v0.0.0

require golang.org/x/net v0.62.0

replace github.com/narrow-sandbox/narrow => ../..
