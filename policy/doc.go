// Package policy is the language: text ↔ File (parse, format), File → Policy
// (resolve), and the reference meaning of the Rules that come out of it.
//
// A policy's text is parsed into a File, the syntax with its comments. Resolve
// turns a File into a Policy: phases, thread classes and, for each of these,
// Rules in which every name, width and sign has become numbers for one
// architecture. Rules.Evaluate is the reference: slow and obvious, the one
// meaning that the compiler and the verifier are held against.
package policy
