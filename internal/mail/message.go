package mail

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"golang.org/x/net/idna"

	"cardinal"
)

// Address is one mailbox. The name may hold any script; whatever would end or
// spoil its header is replaced (see Message).
type Address struct {
	Name  string // shown beside the address; may be empty
	Email string // local@domain and nothing else: no name, no list, no brackets
}

// Message is one message to one recipient.
//
// In Subject and names each run of control characters and line ends becomes
// one space and broken UTF-8 becomes U+FFFD, so that a strange name stops no
// notification. Addresses and ID are refused instead: a changed one would be
// another.
type Message struct {
	From    Address // the sender, in the envelope as well as in the header
	ReplyTo Address // the zero Address: answers go to From
	To      Address
	Subject string
	Text    string // any line ends; UTF-8
	HTML    string // empty: the message is text alone
	// ID is the Message-ID without its angle brackets. It is the caller's, who
	// keeps it for every copy, so that mailboxes can drop the second one.
	ID   string
	Date time.Time
	// Secrets are parts of the message that must not come back in an answer of
	// the server, such as the PIN in Text. They are blackened there.
	Secrets []cardinal.Secret
}

// mailbox is an address as it goes on the wire.
type mailbox struct {
	name    string // cleaned
	email   string
	foreign bool // whether only servers with SMTPUTF8 (RFC 6531) take it
}

// mailbox checks an address. A domain in another script is written in ASCII
// unless the local part needs SMTPUTF8 anyway.
func (a Address) mailbox() (mailbox, error) {
	at := strings.LastIndexByte(a.Email, '@')
	if at < 1 || cardinal.CheckEmail(a.Email) != nil || strings.ContainsFunc(a.Email, misplaced) {
		return mailbox{}, errors.New("not one plain e-mail address")
	}
	local, domain := a.Email[:at], a.Email[at+1:]
	m := mailbox{name: oneLine(a.Name), email: a.Email, foreign: !printable(local)}
	if m.foreign || printable(domain) {
		return m, nil
	}
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil {
		return mailbox{}, fmt.Errorf("domain of an address: %w", errors.New("it cannot be written in ASCII"))
	}
	m.email = local + "@" + ascii
	return m, nil
}

// misplaced characters are legal only in the forms of an address that nobody
// has: with a name, a comment, a list, a quoted local part.
func misplaced(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(`<>(),;:"\`, r)
}

// validID reports whether id can stand between the brackets of a Message-ID.
func validID(id string) bool {
	left, right, found := strings.Cut(id, "@")
	return found && left != "" && right != "" && len(id) <= 200 && printable(id) && !strings.ContainsAny(id, `<>()[]\",;:`) && !strings.Contains(right, "@")
}

// oneLine makes a text fit for a header.
func oneLine(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	return strings.TrimSpace(strings.Join(strings.FieldsFunc(text, breaks), " "))
}

func breaks(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }
