package cardinal

import "fmt"

// Sentence is an English sentence, or a part of one, together with the format
// and the values that it was made of: an edge that speaks another language
// finds its own wording under the format. The values may be sentences
// themselves, numbers and words of code; never a secret.
type Sentence struct {
	text   string
	format string
	args   []any
}

// Say makes a sentence. The format, as fmt.Sprintf takes it, is what it is
// known by in other languages, so it is written out where Say is called.
func Say(format string, args ...any) Sentence {
	return Sentence{text: fmt.Sprintf(format, args...), format: format, args: args}
}

// String returns the sentence in English.
func (s Sentence) String() string { return s.text }

// IsZero reports whether nothing is said.
func (s Sentence) IsZero() bool { return s.text == "" }

// Parts returns what the sentence was made of. The values are the sentence's
// own and must not be changed.
func (s Sentence) Parts() (format string, args []any) { return s.format, s.args }

// literally is a text whose making is not known: it stands for itself.
func literally(text string) Sentence { return Sentence{text: text, format: text} }
