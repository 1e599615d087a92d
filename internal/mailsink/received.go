package mailsink

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
)

// Received is one message as it came.
type Received struct {
	From string   // of the envelope
	To   []string // of the envelope
	User string   // who had signed in; empty: nobody
	TLS  bool     // whether it came through TLS
	UTF8 bool     // whether it came with SMTPUTF8
	Raw  []byte   // as it was sent, with CRLF

	Header  mail.Header // nil if it could not be read; values as they were sent
	Subject string      // decoded
	Text    string      // decoded, with LF
	HTML    string      // decoded, with LF; empty: none
}

// Read takes a message apart as far as it can be read; envelope and connection
// stay empty.
func Read(raw []byte) Received {
	r := Received{Raw: raw}
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return r
	}
	r.Header = m.Header
	if r.Subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		r.Subject = m.Header.Get("Subject")
	}
	r.part(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body)
	return r
}

// part reads a part, and the parts inside of it.
func (r *Received) part(kind, encoding string, body io.Reader) {
	kind, parameters, err := mime.ParseMediaType(kind)
	if err != nil {
		kind = "text/plain"
	}
	if strings.HasPrefix(kind, "multipart/") {
		parts := multipart.NewReader(body, parameters["boundary"])
		for {
			p, err := parts.NextRawPart()
			if err != nil {
				return
			}
			r.part(p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p)
		}
	}
	text, err := io.ReadAll(decoded(encoding, body))
	if err != nil {
		return
	}
	plain := strings.ReplaceAll(string(text), "\r\n", "\n")
	switch kind {
	case "text/plain":
		r.Text = plain
	case "text/html":
		r.HTML = plain
	}
}

func decoded(encoding string, body io.Reader) io.Reader {
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		return quotedprintable.NewReader(body)
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, body)
	}
	return body
}
