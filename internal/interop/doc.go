// Package interop writes policies for other systems and reads theirs: one file,
// or one family of files, a format.
package interop
