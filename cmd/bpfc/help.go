package main

const version = "bpfc of narrow, for the language and the formats of bpfc 0.6.8\n"

const help = version + `
Usage: bpfc [options] || bpfc <program>
Options:
  -i|--input <program/->  assembler file, - for standard input
  -p|--cpp                run it through the C preprocessor first
  -D|--define <n>=<v>     define a macro for the preprocessor
  -f|--format <format>    C (default) | netsniff-ng | xt_bpf | tcpdump
  -b|--bypass             do not validate the program
  -V|--verbose            list the program and say whether it is valid
  -d|--dump               print the mnemonics
     --bpfc-compat        where bpfc 0.6.8 is wrong give its bytes, with a warning
  -v|--version            print the version
  -h|--help               print this

Examples:
  bpfc filter.bpf
  bpfc -f tcpdump -i filter.bpf > filter.ddd
  bpfc -p -D PORT=22 -i filter.bpf
  iptables -A INPUT -m bpf --bytecode "$(bpfc -f xt_bpf -i filter.bpf)" -j LOG
  bpfc - < filter.bpf

narrow asm assembles the same language for seccomp, and tells what the kernel
would refuse; narrow disasm reads programs back.
`
