package cardformat

import (
	"math/big"
	"strings"
	"testing"
	"unicode/utf8"

	"cardinal"

	"pgregory.net/rapid"
)

func parse(t interface {
	Helper()
	Fatalf(string, ...any)
}, spec string) Conversion {
	t.Helper()
	conversion, err := Parse(spec)
	if err != nil {
		t.Fatalf("Parse(%q): %v", spec, err)
	}
	return conversion
}

func TestApply(t *testing.T) {
	for _, test := range []struct{ spec, text, want string }{
		// The figures that the manuals of print systems give.
		{"hex-to-decimal", "946EBD28", "2490285352"},
		{"decimal-to-hex", "2490285352", "946EBD28"},
		{"ascii-to-text", "3934364542443238", "946EBD28"},
		{"ascii-to-text|hex-to-decimal", "3934364542443238", "2490285352"},
		{`regex:(.{10})`, "123456789012", "1234567890"},
		{`regex:\d*=(\d*)=\d*`, "123453=292929=1221", "292929"},

		{"hex-to-decimal", "946ebd28", "2490285352"},
		{"hex-to-decimal", "00ff", "255"},
		{"hex-to-decimal", "0000", "0"},
		{"hex-to-decimal", "1234", "4660"},
		{"hex-to-decimal", strings.Repeat("F", 53), new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 212), big.NewInt(1)).String()},
		{"hex-to-decimal:10", "0FFF", "0000004095"},
		{"hex-to-decimal:2", "0FFF", "4095"},

		{"decimal-to-hex", "0", "00"},
		{"decimal-to-hex", "255", "FF"},
		{"decimal-to-hex", "4095", "0FFF"},
		{"decimal-to-hex", "0000004095", "0FFF"},
		{"decimal-to-hex:8", "4095", "00000FFF"},
		{"decimal-to-hex:3", "4095", "0FFF"},
		{"decimal-to-hex:5", "4095", "00FFF"},

		{"reverse-bytes", "946EBD28", "28BD6E94"},
		{"reverse-bytes", "946eBD28", "28BD6e94"},
		{"reverse-bytes", "4A2B3C4", "C4B3A204"},
		{"reverse-bytes", "A", "0A"},
		{"reverse-bytes|hex-to-decimal", "28BD6E94", "2490285352"},
		{"decimal-to-hex:8|reverse-bytes|hex-to-decimal:10", "0000004095", "4279173120"},

		{"ascii-to-text", "30310D0a", "01"},
		{"ascii-to-text|hex-to-decimal", "46463D38", "255"}, // FF=8
		{"ascii-to-text|regex:=(.)", "46463D38", "8"},

		{`regex:^..(\d+)$`, "AB1234", "1234"},
		{`regex:^(?:AB||CD)(\d+)`, "CD77", "77"},
		{`regex:^(\d+)\||`, "12|34", "12"},
		{`regex:([0-9]+)||x|reverse-bytes`, "1234", "3412"},
		{`regex:(\d+)||`, "1234", "1234"},
		{`regex:^(\w+):`, "123:456", "123"},
		{`regex:(?i)^x(.*)$`, "X12 ", "12"},
		{`regex:^\x20?(\d+)`, " 12", "12"},
		{`regex:^(..)(..)`, "1234", "12"},
		{`regex:^(.{4})`, "äöü1234", "äöü1"},
		{`regex:(\d+)|hex-to-decimal`, "no 10", "16"},
		{"  hex-to-decimal |\treverse-bytes ", "1234", "6046"},

		{"hex-to-decimal", " FF\r\n", "255"},
		{"hex-to-decimal", "\x02FF\x03", "255"},
		{"hex-to-decimal", "FF=8", "255"},
		{"hex-to-decimal", "FF = 8", "255"},
		{"reverse-bytes", strings.Repeat("12", 32) + "=" + strings.Repeat("9", 50), strings.Repeat("12", 32)},

		{"", "", ""},
		{"", " as it is = \r" + strings.Repeat("9", 99), " as it is = \r" + strings.Repeat("9", 99)},
		{" \t", " 12 ", " 12 "},
	} {
		t.Run(test.spec+" of "+test.text, func(t *testing.T) {
			got, err := parse(t, test.spec).Apply(test.text)
			if err != nil || got != test.want {
				t.Errorf("got %q, %v; want %q", got, err, test.want)
			}
		})
	}
}

func TestApplyRefuses(t *testing.T) {
	for _, test := range []struct{ spec, text, says string }{
		{"hex-to-decimal", "", "hexadecimal digits"},
		{"hex-to-decimal", "=12", "hexadecimal digits"},
		{"hex-to-decimal", "12G4", "hexadecimal digits"},
		{"hex-to-decimal", "-12", "hexadecimal digits"},
		{"hex-to-decimal", "+12", "hexadecimal digits"},
		{"hex-to-decimal", "0x12", "hexadecimal digits"},
		{"hex-to-decimal", "12_34", "hexadecimal digits"},
		{"hex-to-decimal", "12 34", "hexadecimal digits"},
		{"hex-to-decimal", "１２", "hexadecimal digits"},
		{"hex-to-decimal", strings.Repeat("F", 65), "64 characters"},
		{"hex-to-decimal", strings.Repeat("F", 54), "64 characters"}, // 66 digits
		{"hex-to-decimal|regex:^(.)", strings.Repeat("F", 54), "64 characters"},
		{"decimal-to-hex", "12F4", "decimal digits"},
		{"decimal-to-hex", "4.2E+12", "decimal digits"},
		{"decimal-to-hex", "-1", "decimal digits"},
		{"reverse-bytes", "12G4", "hexadecimal digits"},
		{"reverse-bytes", "", "hexadecimal digits"},
		{"ascii-to-text", "393", "two digits each"},
		{"ascii-to-text", "39G4", "two digits each"},
		{"ascii-to-text", "C3A4", "two digits each"},
		{"ascii-to-text", "390039", "two digits each"},
		{"ascii-to-text", "397F39", "two digits each"},
		{"ascii-to-text", "0D0A20", "two digits each"},
		{`regex:^(\d+)$`, "12A", "expression matches"},
		{`regex:^A(\d*)`, "AB", "expression matches"},
		{`regex:A(1)?`, "A", "expression matches"},
		{`regex:A(.*)B`, "A B", "expression matches"},
		{`regex:(.*)`, strings.Repeat("9", 65), "64 characters"},
		{"regex:(.*)|hex-to-decimal", "12XY", "step 2, hex-to-decimal"},
	} {
		t.Run(test.spec+" of "+test.text, func(t *testing.T) {
			got, err := parse(t, test.spec).Apply(test.text)
			if got != "" || cardinal.CodeOf(err) != cardinal.CodeInvalid || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestErrorsHoldNothingOfTheNumber(t *testing.T) {
	const number = "QZ7731"
	for _, spec := range []string{"hex-to-decimal", "decimal-to-hex:8", "reverse-bytes", "ascii-to-text", `regex:^(9+)`} {
		for _, text := range []string{number, strings.Repeat(number, 20)} {
			_, err := parse(t, spec).Apply(text)
			if err == nil || strings.Contains(err.Error(), "QZ") || strings.Contains(err.Error(), "7731") {
				t.Errorf("%s: %v", spec, err)
			}
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, test := range []struct{ spec, says string }{
		{"hex2dec", "Step 1 of the conversion is none of"},
		{"Hex-To-Decimal", "Step 1 of the conversion is none of"},
		{"hex-to-decimal|", "Step 2 of the conversion is none of"},
		{"|hex-to-decimal", "Step 1 of the conversion is none of"},
		{"hex-to-decimal||reverse-bytes", "Step 1 of the conversion is none of"},
		{"hex-to-decimal| |reverse-bytes", "Step 2 of the conversion is none of"},
		{"hex-to-decimal, reverse-bytes", "Step 1 of the conversion is none of"},
		{"hex-to-decimal:", "width of 1 to 64"},
		{"hex-to-decimal:0", "width of 1 to 64"},
		{"hex-to-decimal:65", "width of 1 to 64"},
		{"decimal-to-hex:x", "width of 1 to 64"},
		{"decimal-to-hex:-1", "width of 1 to 64"},
		{"reverse-bytes:4", "has a colon"},
		{"ascii-to-text:", "has a colon"},
		{"regex", "has no group"},
		{"regex:", "has no group"},
		{`regex:\d+`, "has no group"},
		{`regex:(?:\d+)`, "has no group"},
		{`regex:(\d+`, "missing closing )"},
		{`regex:(a)\1`, "invalid escape sequence"},
		{`regex:(?=a)(b)`, "invalid or unsupported Perl syntax"},
		{`regex:(a{1001})`, "invalid repeat count"},
		{`regex:((((a{100}){100}){100}){100})`, "is no valid expression"},
		{"regex:(\xff)", "invalid UTF-8"},
		{`reverse-bytes|regex:(secret`, "Step 2 of the conversion is no valid expression"},
		{`regex:(a)|b`, "Step 2 of the conversion is none of"},
		{"regex:(" + strings.Repeat("a", SpecMaxLength) + ")", "256 characters at most"},
	} {
		t.Run(test.spec, func(t *testing.T) {
			conversion, err := Parse(test.spec)
			if !conversion.IsZero() || cardinal.CodeOf(err) != cardinal.CodeInvalid || !strings.Contains(err.Error(), test.says) {
				t.Fatalf("got %q, %v", conversion, err)
			}
			if strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "1001") {
				t.Errorf("the error repeats what was given: %v", err)
			}
			if v := cardinal.ViolationsOf(err); len(v) != 1 || v[0].Field != "conversion" {
				t.Errorf("violations %v", v)
			}
		})
	}
}

func TestZeroConversion(t *testing.T) {
	var zero Conversion
	if !zero.IsZero() || zero.String() != "" || !parse(t, " ").IsZero() || parse(t, "reverse-bytes").IsZero() {
		t.Error("IsZero or String is wrong")
	}
	if got, err := zero.Apply(" 1=2"); err != nil || got != " 1=2" {
		t.Errorf("got %q, %v", got, err)
	}
	if got := parse(t, " reverse-bytes | regex:(a||b) ").String(); got != "reverse-bytes | regex:(a||b)" {
		t.Errorf("String is %q", got)
	}
}

func TestConversionsUndoEachOther(t *testing.T) {
	there := parse(t, "hex-to-decimal")
	back := parse(t, "decimal-to-hex")
	reverse := parse(t, "reverse-bytes")
	wholeBytes := rapid.StringMatching(`([0-9A-F]{2}){1,26}`)
	apply := func(t *rapid.T, conversion Conversion, text string) string {
		got, err := conversion.Apply(text)
		if err != nil {
			t.Fatalf("%s: %v", conversion, err)
		}
		return got
	}
	rapid.Check(t, func(t *rapid.T) {
		number := wholeBytes.Draw(t, "hex")
		decimal := apply(t, there, number)
		if want, _ := new(big.Int).SetString(number, 16); decimal != want.String() {
			t.Fatalf("%s is %s, not %s", number, want, decimal)
		}
		withoutZeros := strings.TrimLeft(number, "0")
		if withoutZeros == "" {
			withoutZeros = "0"
		}
		if len(withoutZeros)%2 == 1 {
			withoutZeros = "0" + withoutZeros
		}
		if got := apply(t, back, decimal); got != withoutZeros {
			t.Fatalf("%s comes back as %s", number, got)
		}
		wide := parse(t, "decimal-to-hex:"+big.NewInt(int64(len(number))).String())
		if got := apply(t, wide, decimal); got != number {
			t.Fatalf("%s comes back as %s with its width", number, got)
		}
		if got := apply(t, reverse, apply(t, reverse, number)); got != number {
			t.Fatalf("%s comes back as %s when reversed twice", number, got)
		}
		var codes strings.Builder
		text := number[:min(len(number), 32)]
		for _, c := range []byte(text) {
			codes.WriteString(big.NewInt(int64(c)).Text(16))
		}
		if got := apply(t, parse(t, "ascii-to-text"), codes.String()); got != text {
			t.Fatalf("%s unpacks to %s", text, got)
		}
	})
}

// One chain gives what its steps give one after the other.
func TestChainIsItsStepsInOrder(t *testing.T) {
	steps := rapid.SliceOfN(rapid.SampledFrom([]string{"hex-to-decimal", "decimal-to-hex:8", "reverse-bytes", "ascii-to-text", `regex:^.(.+)$`}), 1, 5)
	text := rapid.StringMatching(`[0-9A-Fa-f]{1,20}`)
	rapid.Check(t, func(t *rapid.T) {
		chain, number := steps.Draw(t, "steps"), text.Draw(t, "text")
		got, err := parse(t, strings.Join(chain, " | ")).Apply(number)
		want, wantErr := number, error(nil)
		for _, step := range chain {
			if want, wantErr = parse(t, step).Apply(want); wantErr != nil {
				break
			}
		}
		if got != want || (err == nil) != (wantErr == nil) {
			t.Fatalf("got %q, %v; step by step %q, %v", got, err, want, wantErr)
		}
	})
}

func FuzzApply(f *testing.F) {
	f.Add("hex-to-decimal:10|reverse-bytes", "04A2B3C4")
	f.Add(`ascii-to-text | regex:^(\d+)||x`, "3934=1")
	f.Add("decimal-to-hex", "\r\n 4095")
	f.Add("regex:(.*)", "ä=\xff")
	f.Fuzz(func(t *testing.T, spec, text string) {
		conversion, err := Parse(spec)
		if err != nil {
			if cardinal.CodeOf(err) != cardinal.CodeInvalid || !conversion.IsZero() {
				t.Fatalf("Parse: %v, %v", conversion, err)
			}
			return
		}
		again := parse(t, conversion.String())
		got, err := conversion.Apply(text)
		second, secondErr := again.Apply(text)
		if got != second || (err == nil) != (secondErr == nil) {
			t.Fatalf("parsed again, it gives %q, %v instead of %q, %v", second, secondErr, got, err)
		}
		switch {
		case conversion.IsZero():
			if got != text || err != nil {
				t.Fatalf("the zero conversion gives %q, %v", got, err)
			}
		case err != nil:
			if got != "" || cardinal.CodeOf(err) != cardinal.CodeInvalid || !utf8.ValidString(err.Error()) {
				t.Fatalf("got %q, %v", got, err)
			}
		case got == "" || len(got) > cardinal.CardNumberMaxLength || got != strip(got):
			t.Fatalf("got %q", got)
		}
	})
}

func BenchmarkApply(b *testing.B) {
	for _, spec := range []string{"hex-to-decimal", "reverse-bytes|hex-to-decimal", `regex:^..(\d+)$`} {
		conversion := parse(b, spec)
		b.Run(spec, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := conversion.Apply("94612328"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
