package cardinal_test

import (
	"strings"
	"testing"

	"cardinal"
)

func TestParseCardNumber(t *testing.T) {
	cases := []struct {
		text, want string
		code       cardinal.ViolationCode // of the refusal
	}{
		{text: "0012345678", want: "0012345678"},
		{text: " 77001122 \r\n", want: "77001122"},
		{text: "\x00A1b2\x7f", want: "A1b2"},
		{text: "5235092385=8", want: "5235092385"},
		{text: "454263e3", want: "454263e3"},
		{text: "12E5", want: "12E5"},
		{text: strings.Repeat("9", 64), want: strings.Repeat("9", 64)},
		{text: strings.Repeat("9", 65), code: cardinal.ViolationInvalid},
		{text: "4.2E+12", code: cardinal.ViolationSpoilt},
		{text: "4,2e-12", code: cardinal.ViolationSpoilt},
		{text: "42E+12", code: cardinal.ViolationSpoilt},
		{text: "12 34", code: cardinal.ViolationInvalid},
		{text: "１２３４", code: cardinal.ViolationInvalid},
		{text: "12-34", code: cardinal.ViolationInvalid},
		{text: "", code: cardinal.ViolationRequired},
		{text: " \t", code: cardinal.ViolationRequired},
		{text: "=1234", code: cardinal.ViolationRequired},
	}
	for _, c := range cases {
		got, err := cardinal.ParseCardNumber("number", c.text)
		if got.Reveal() != c.want {
			t.Errorf("%q: got %q, want %q", c.text, got.Reveal(), c.want)
		}
		var code cardinal.ViolationCode
		if violations := cardinal.ViolationsOf(err); len(violations) == 1 && violations[0].Field == "number" {
			code = violations[0].Code
		}
		if code != c.code || (err == nil) != (c.code == "") {
			t.Errorf("%q: got %v (%s), want %s", c.text, err, code, c.code)
		}
	}
}

func FuzzParseCardNumber(f *testing.F) {
	for _, seed := range []string{"0012345678", " a1B2 ", "4.2E+12", "=", "12=34=56", "\xff", "é"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		number, err := cardinal.ParseCardNumber("number", text)
		if err != nil {
			if !number.IsZero() {
				t.Fatal("a refused number is not empty")
			}
			return
		}
		again, err := cardinal.ParseCardNumber("number", number.Reveal())
		if err != nil || again.Reveal() != number.Reveal() {
			t.Fatalf("parsing %q again gives %q, %v", number.Reveal(), again.Reveal(), err)
		}
		if n := len(number.Reveal()); n < 1 || n > cardinal.CardNumberMaxLength {
			t.Fatalf("a number of %d characters", n)
		}
	})
}

func TestNumberEnd(t *testing.T) {
	for text, want := range map[string]string{"0012345678": "5678", "12345": "2345", "1234": "4", "7": "7"} {
		number, err := cardinal.ParseCardNumber("number", text)
		if err != nil {
			t.Fatal(err)
		}
		if number.End() != want {
			t.Errorf("%s: end %q, want %q", text, number.End(), want)
		}
	}
	if (cardinal.CardNumber{}).End() != "" || cardinal.MaskedNumber("") != "" || cardinal.MaskedNumber("5678") != "••••5678" {
		t.Error("an empty number has no end and no mask")
	}
}
