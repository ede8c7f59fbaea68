// Package asm is the workshop for programs of classic BPF: it assembles the
// language of netsniff-ng's bpfc, takes any program apart into text that
// assembles back to the same bytes, and writes and reads the formats in which
// programs travel.
//
// # The language
//
// An instruction is a mnemonic and its operand; newlines are blanks. Case does
// not matter, but for labels.
//
//	ld            #k  [k]  [x + k]  M[k]  len  or an extension, into A
//	ldh ldb       [k]  [x + k]  or an extension: a half word, a byte
//	ldx           #k  M[k]  len  4*([k]&0xf), into X
//	ldi ldxi      #k or k, into A or X;  ldxb  4*([k]&0xf)
//	st stx        M[k], from A or X
//	ja jmp        L
//	jeq jne jneq jgt jge jlt jle jset      #k, L   x, L   #k, L, L   x, L, L
//	add sub mul div mod and or xor lsh rsh #k  x
//	neg tax txa
//	ret           #k  a  x
//
// A register may have a % before it. A label stands before an instruction,
// "drop: ret #0", and jumps lead forward to it; of two labels behind a test
// the second is where the test does not hold. Extensions are what the kernel
// knows of a packet, with # or without: proto, type, ifidx, mark, cpu, vlant and
// so on; seccomp has none of them but len.
//
// Comments are /* between these */, behind a ; and lines that have a # in the
// first column. Numbers are decimal, 0x hexadecimal, 0b binary and 0 octal.
//
// Beyond bpfc, k is any expression of C over numbers and names: call numbers
// (__NR_write), AUDIT_ARCH_X86_64, SECCOMP_RET_ERRNO|EPERM, O_RDONLY. In
// brackets the fields of struct seccomp_data have names: [nr], [arch], [ip.lo],
// [args[1].hi]. A conditional jump may be as long as it likes: beyond 255
// instructions the assembler inserts a ja. Three directives:
//
//	.equ NAME, k                a constant of one's own, from here on
//	.arch NAME                  whose numbers names mean, from here on
//	.insn CODE, JT, JF, K       an instruction by its numbers
//
// # Where bpfc is wrong
//
// bpfc 0.6.8 wraps conditional jumps beyond 255 and numbers beyond 32 bits,
// reads 0129 as 10, ignores the second of two labels with one name, lets jumps
// lead back, takes division by zero, and does not see the end of a comment that
// ends in two stars. Here long jumps work, comments end, and the rest are
// errors; Options.BpfcCompat gives bpfc's bytes with a warning for each.
// testdata/bpfc.txtar holds bpfc's answers to some 4,500 sources.
package asm
