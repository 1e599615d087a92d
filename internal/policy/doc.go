// Package policy decides whether a PIN is acceptable, makes PINs and card
// numbers that are, and says what a guess at one is worth.
//
// It owns the rules of the PIN policy, their wording, the list of the most
// used PINs and the arithmetic of guessing. It does not own what needs stored
// state: earlier PINs, PINs of others, numbers already taken and daily limits
// belong to package credential; defaults and labels of the settings to package
// account.
//
// Everything here is a pure function: no clock, no I/O, and randomness is
// handed in. All of it may be used from many goroutines at once.
package policy

//go:generate go run ./commongen
