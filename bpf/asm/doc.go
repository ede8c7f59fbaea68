// Package asm is the workshop for programs of classic BPF: it assembles the
// language of netsniff-ng's bpfc, takes any program apart into text that
// assembles back to the same bytes, and writes and reads the formats in which
// programs travel.
package asm
