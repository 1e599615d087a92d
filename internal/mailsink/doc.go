// Package mailsink is a mail server in the process that keeps what it gets: it
// catches e-mail where none shall leave the machine, and fails in every way
// that a mail server can when it is told to.
//
// It owns the server's side of SMTP and the reading of messages. It does not
// relay, writes nothing to disk, and takes nothing from other machines: it
// listens on the loopback interface alone.
package mailsink
