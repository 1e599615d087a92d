// Package cardinal is the vocabulary of Cardinal: the nouns that every other
// package speaks of, with the limits that hold for them wherever they come
// from, and the closed set of errors.
//
// It imports only the standard library and does no I/O, reads no clock and
// draws no random numbers. Words mean here what the README's table says they
// mean, and the same word is used in Go, JSON, SQL, URLs and on the page.
package cardinal
