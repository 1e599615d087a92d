// Package mail speaks SMTP: it opens sessions with a mail server, hands over
// messages, and tells in plain words what went wrong and what to do about it.
//
// It owns the settings of one server, the form of a message on the wire, and
// the classes of failure. It does not own queues, retries, templates or where
// settings are kept, and it knows nothing of notifications: when to try again
// is decided by whoever calls it.
package mail
