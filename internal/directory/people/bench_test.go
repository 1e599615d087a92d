package people_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"

	"cardinal/internal/directory/people"
)

// BenchmarkReader reads the 2,000 people again and again; an operation is one line.
func BenchmarkReader(b *testing.B) {
	file, err := os.ReadFile("testdata/people.csv")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	var reader *people.Reader
	for b.Loop() {
		if reader == nil {
			if reader, err = people.NewReader(bytes.NewReader(file)); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := reader.Next(); errors.Is(err, io.EOF) {
			reader = nil
		} else if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}

// BenchmarkWriter exports one row an operation.
func BenchmarkWriter(b *testing.B) {
	w := people.NewWriter(io.Discard)
	row := people.Row{Username: "anna", FullName: "Anna Kvapilová", Email: "anna@example.org", Department: "IT",
		Primary: "0012345678", Notes: "Legal, Compliance", Role: "user"}
	b.ReportAllocs()
	for b.Loop() {
		if err := w.Write(row); err != nil {
			b.Fatal(err)
		}
	}
}
