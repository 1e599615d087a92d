package mail

import (
	"encoding/base64"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"cardinal"
)

// answerMaxLength is how many characters of an answer are kept.
const answerMaxLength = 300

// Shorter runs than these are shared by chance.
const (
	sharedRun  = 16 // characters of content or of a token, in a row
	sharedWord = 4  // characters of a word with a digit in it, as PINs and links have
)

// blackener knows what must not come back in an answer.
type blackener struct {
	whole  []string // wherever it stands
	long   []string // also where only a part of sharedRun characters stands
	spoken []string // content: as long, and its words that hold a digit
}

// knows returns a blackener that also blackens secrets, in clear and in the
// form in which AUTH sends them.
func (b blackener) knows(secrets ...cardinal.Secret) blackener {
	for _, s := range secrets {
		if s.IsZero() {
			continue
		}
		text := s.Reveal()
		b.whole = append(slices.Clip(b.whole), text, base64.StdEncoding.EncodeToString([]byte(text)))
		if len(text) > sharedRun {
			b.long = append(slices.Clip(b.long), text)
		}
	}
	return b
}

// sent returns a blackener that also knows what was said during AUTH, in the
// form in which the server saw it.
func (b blackener) sent(said []byte) blackener {
	if len(said) > 0 {
		b.long = append(slices.Clip(b.long), base64.StdEncoding.EncodeToString(said))
	}
	return b
}

// wrote returns a blackener that also knows a message, as it was given and as
// it went out.
func (b blackener) wrote(m Message, l letter) blackener {
	b = b.knows(m.Secrets...)
	b.spoken = []string{m.Subject, m.Text, m.HTML, string(l.content)}
	return b
}

// clean makes an answer fit to be stored and shown: on one line, without
// controls, blackened, and then cut.
func (b blackener) clean(text string) string {
	text = oneLine(text)
	for _, secret := range b.whole {
		text = strings.ReplaceAll(text, secret, cardinal.Redacted)
	}
	for _, secret := range b.long {
		text = withoutRuns(text, secret)
	}
	for _, content := range b.spoken {
		text = withoutWords(withoutRuns(text, content), content)
	}
	text = strings.ToValidUTF8(text, "")
	if utf8.RuneCountInString(text) > answerMaxLength {
		text = string([]rune(text)[:answerMaxLength-1]) + "…"
	}
	return text
}

// withoutRuns blackens each part of at least sharedRun bytes that text has in
// common with secret.
func withoutRuns(text, secret string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		end := i + sharedRun
		if end > len(text) || !strings.Contains(secret, text[i:end]) {
			b.WriteByte(text[i])
			i++
			continue
		}
		for end < len(text) && strings.Contains(secret, text[i:end+1]) {
			end++
		}
		b.WriteString(cardinal.Redacted)
		i = end
	}
	return b.String()
}

// withoutWords blackens the words with a digit that text shares with content.
func withoutWords(text, content string) string {
	between := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	for _, word := range strings.FieldsFunc(text, between) {
		if len(word) >= sharedWord && strings.ContainsFunc(word, unicode.IsDigit) && strings.Contains(content, word) {
			text = strings.ReplaceAll(text, word, cardinal.Redacted)
		}
	}
	return text
}
