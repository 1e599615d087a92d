package main

import (
	"fmt"
	"strings"
	"time"
)

// fourDigits returns the PINs of four digits that people choose by rule:
// years, days of the year, runs, pairs, mirrored digits, lines on a keypad.
// Months with a year, in either order, are not in as such (spec: pins).
func fourDigits() set {
	pins := set{}
	for year := 1900; year <= 2029; year++ {
		pins.add(fmt.Sprint(year))
	}
	for day := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() == 2000; day = day.AddDate(0, 0, 1) {
		pins.add(day.Format("0102"), day.Format("0201"))
	}
	for a := range 10 {
		pins.add(evenly(a, 1, 4), evenly(a, 9, 4))
		for b := range 10 {
			pins.add(digits(a, a, b, b), digits(a, b, a, b), digits(a, b, b, a))
		}
	}
	for _, line := range keypadLines() {
		pins.add(line+line[:1], line+line[1:2]) // begun again, and turned back
	}
	for _, column := range []string{"147", "258", "369"} { // 0 lies below the keys
		pins.add(column+"0", "0"+column, reverse(column)+"0", "0"+reverse(column))
	}
	pins.add("0852", "2580")
	return pins
}

// sixDigits returns the same for six digits, without dates, which do not all
// fit: runs and even steps, a pair three times, one digit and then another,
// two lines on a keypad, and three digits that are simple by themselves
// repeated, mirrored or doubled. The list of used ones comes on top.
func sixDigits() set {
	pins := set{}
	for a := range 10 {
		for b := range 10 {
			pins.add(evenly(a, b, 6), digits(a, b, a, b, a, b))
			pins.add(digits(a, b, b, b, b, b), digits(a, a, b, b, b, b), digits(a, a, a, b, b, b),
				digits(a, a, a, a, b, b), digits(a, a, a, a, a, b))
		}
	}
	for _, first := range keypadLines() {
		for _, second := range keypadLines() {
			pins.add(first + second)
		}
	}
	for _, simple := range simpleTriples() {
		a, b, c := simple[:1], simple[1:2], simple[2:]
		pins.add(simple+simple, simple+reverse(simple), a+a+b+b+c+c)
	}
	return pins
}

// simpleTriples returns three digits that are easy to keep in mind: two of
// them alike, evenly spaced, or a line on a keypad.
func simpleTriples() []string {
	triples := keypadLines()
	for a := range 10 {
		for b := range 10 {
			triples = append(triples, digits(a, a, b), digits(a, b, a), digits(a, b, b), evenly(a, b, 3))
		}
	}
	return triples
}

// keypadLines returns the straight lines of three keys on a keypad with 1 2 3
// at the top, rows, columns and diagonals, in both directions.
func keypadLines() []string {
	lines := []string{"123", "456", "789", "147", "258", "369", "159", "357"}
	for _, line := range lines {
		lines = append(lines, reverse(line))
	}
	return lines
}

// evenly returns count digits from first on, each step more, modulo 10.
func evenly(first, step, count int) string {
	var text strings.Builder
	for i := range count {
		text.WriteString(digits((first + i*step) % 10))
	}
	return text.String()
}

func digits(values ...int) string {
	text := make([]byte, len(values))
	for i, value := range values {
		text[i] = byte('0' + value)
	}
	return string(text)
}

func reverse(text string) string {
	turned := []byte(text)
	for i, j := 0, len(turned)-1; i < j; i, j = i+1, j-1 {
		turned[i], turned[j] = turned[j], turned[i]
	}
	return string(turned)
}
