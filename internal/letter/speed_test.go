package letter_test

import (
	"testing"

	"cardinal/internal/letter"
)

func BenchmarkParse(b *testing.B) {
	o := letter.Originals()[0]
	s, err := o.Source("en")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := letter.Parse(o.Kind, "en", s); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRender(b *testing.B) {
	o := letter.Originals()[0]
	s, err := o.Source("en")
	if err != nil {
		b.Fatal(err)
	}
	template, values := parsed(b, o.Kind, s), letter.Sample("en", noon)
	for b.Loop() {
		if _, err := template.Render(values); err != nil {
			b.Fatal(err)
		}
	}
}
