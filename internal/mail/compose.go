package mail

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"mime/quotedprintable"
	"net/textproto"
	"strings"
	"time"
	"unicode/utf8"
)

// letter is a message ready for the wire.
type letter struct {
	from, to mailbox
	foreign  bool // whether the server must have SMTPUTF8
	content  []byte
}

// compose checks a message and writes it (RFC 5322, 2045–2047). The same
// message always gives the same bytes. An error is a Failure of the stage that
// the wrong part belongs to.
func compose(m Message) (letter, error) {
	from, err := m.From.mailbox()
	if err != nil {
		return letter{}, refuse(StageSender, err)
	}
	to, err := m.To.mailbox()
	if err != nil {
		return letter{}, refuse(StageRecipient, err)
	}
	var reply mailbox
	if m.ReplyTo.Email != "" {
		if reply, err = m.ReplyTo.mailbox(); err != nil {
			return letter{}, refuse(StageSender, fmt.Errorf("reply-to: %w", err))
		}
	}
	switch {
	case !validID(m.ID):
		return letter{}, refuse(StageContent, errors.New("not a Message-ID"))
	case m.Date.IsZero():
		return letter{}, refuse(StageContent, errors.New("no date"))
	}
	var b bytes.Buffer
	header(&b, "Date", m.Date.Format(time.RFC1123Z))
	header(&b, "From", from.header())
	if reply.email != "" {
		header(&b, "Reply-To", reply.header())
	}
	header(&b, "To", to.header())
	header(&b, "Subject", unstructured(oneLine(m.Subject)))
	header(&b, "Message-ID", "<"+m.ID+">")
	header(&b, "Auto-Submitted", "auto-generated") // RFC 3834: no holiday notices, please
	header(&b, "MIME-Version", "1.0")
	if err := body(&b, m); err != nil {
		return letter{}, refuse(StageContent, err)
	}
	return letter{from: from, to: to, foreign: from.foreign || to.foreign || reply.foreign, content: b.Bytes()}, nil
}

func header(b *bytes.Buffer, name, value string) { b.WriteString(name + ": " + value + "\r\n") }

const quotedPrintable = "quoted-printable"

func body(b *bytes.Buffer, m Message) error {
	if m.HTML == "" {
		header(b, "Content-Type", "text/plain; charset=utf-8")
		header(b, "Content-Transfer-Encoding", quotedPrintable)
		b.WriteString("\r\n")
		return quote(b, m.Text)
	}
	parts := multipart.NewWriter(b)
	// "=_" cannot occur in quoted-printable text, so no text ends its own part.
	sum := sha256.Sum256([]byte(m.ID))
	if err := parts.SetBoundary("=_" + hex.EncodeToString(sum[:16])); err != nil {
		return err
	}
	header(b, "Content-Type", `multipart/alternative; boundary="`+parts.Boundary()+`"`)
	b.WriteString("\r\n")
	for _, p := range []struct{ kind, text string }{{"text/plain", m.Text}, {"text/html", m.HTML}} {
		w, err := parts.CreatePart(textproto.MIMEHeader{
			"Content-Type":              {p.kind + "; charset=utf-8"},
			"Content-Transfer-Encoding": {quotedPrintable},
		})
		if err != nil {
			return err
		}
		if err := quote(w, p.text); err != nil {
			return err
		}
	}
	return parts.Close()
}

func quote(w io.Writer, text string) error {
	text = strings.ToValidUTF8(text, "\uFFFD")
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	q := quotedprintable.NewWriter(w)
	if _, err := io.WriteString(q, text); err != nil {
		return err
	}
	return q.Close()
}

// header is the mailbox with its name as a header has it.
func (m mailbox) header() string {
	switch {
	case m.name == "":
		return "<" + m.email + ">"
	case simple(m.name):
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(m.name) + `" <` + m.email + ">"
	}
	return encodedWords(m.name) + "\r\n <" + m.email + ">"
}

func unstructured(text string) string {
	if simple(text) {
		return text
	}
	return encodedWords(text)
}

// simple reports whether a text can stand in a header as it is. What looks
// like an encoded word cannot: it would be decoded into what nobody wrote.
func simple(text string) bool {
	const fits = 60 // beside the name of the header and on one line of 78
	return len(text) <= fits && !strings.Contains(text, "=?") && printable(strings.ReplaceAll(text, " ", ""))
}

// encodedWords writes a text as words of RFC 2047, one a line.
func encodedWords(text string) string {
	const most = 45 // bytes: 60 of base64, of the 75 that a word may have
	var words []string
	for text != "" {
		n := min(most, len(text))
		for n < len(text) && !utf8.RuneStart(text[n]) {
			n--
		}
		words = append(words, "=?utf-8?b?"+base64.StdEncoding.EncodeToString([]byte(text[:n]))+"?=")
		text = text[n:]
	}
	return strings.Join(words, "\r\n ")
}
