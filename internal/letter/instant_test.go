package letter_test

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the test is about zones, and has them everywhere

	"cardinal/internal/letter"
	"cardinal/internal/setting"
)

func told(t *testing.T, language setting.Language, at time.Time, zone string) string {
	t.Helper()
	template, err := letter.Parse(letter.PINRemoved, language, plain(text("{{time}}"), markup("")))
	if err != nil {
		t.Fatal(err)
	}
	where, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	l, err := template.Render(letter.Values{Time: at, Username: "x", Zone: where})
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(l.Text.Reveal(), "\u00a0", " ")
}

func TestInstantsInEveryLanguage(t *testing.T) {
	at := time.Date(2026, time.March, 27, 8, 5, 59, 0, time.UTC)
	for language, want := range map[setting.Language]string{
		"en": "Friday, March 27, 2026, 09:05 (CET, UTC+1)",
		"de": "Freitag, 27. März 2026, 09:05 Uhr (CET, UTC+1)",
		"fr": "vendredi 27 mars 2026 à 09:05 (CET, UTC+1)",
		"es": "viernes, 27 de marzo de 2026, 9:05 (CET, UTC+1)",
		"cs": "pátek 27. března 2026, 9:05 (CET, UTC+1)",
		"ja": "2026年3月27日金曜日 9:05 (CET, UTC+1)",
	} {
		if got := told(t, language, at, "Europe/Prague"); got != want {
			t.Errorf("%s: %q, want %q", language, got, want)
		}
	}
}

// TestInstantsAroundDaylightSavingTime goes over the hours that are left out in
// spring and come twice in autumn.
func TestInstantsAroundDaylightSavingTime(t *testing.T) {
	for _, c := range []struct {
		zone string
		utc  string
		want string
	}{
		{"Europe/Prague", "2026-03-29T00:59:59Z", "Sunday, March 29, 2026, 01:59 (CET, UTC+1)"},
		{"Europe/Prague", "2026-03-29T01:00:00Z", "Sunday, March 29, 2026, 03:00 (CEST, UTC+2)"},
		{"Europe/Prague", "2026-10-25T00:30:00Z", "Sunday, October 25, 2026, 02:30 (CEST, UTC+2)"},
		{"Europe/Prague", "2026-10-25T01:30:00Z", "Sunday, October 25, 2026, 02:30 (CET, UTC+1)"},
		{"America/New_York", "2026-03-08T06:59:59Z", "Sunday, March 8, 2026, 01:59 (EST, UTC−5)"},
		{"America/New_York", "2026-03-08T07:00:00Z", "Sunday, March 8, 2026, 03:00 (EDT, UTC−4)"},
		{"America/New_York", "2026-11-01T05:30:00Z", "Sunday, November 1, 2026, 01:30 (EDT, UTC−4)"},
		{"America/New_York", "2026-11-01T06:30:00Z", "Sunday, November 1, 2026, 01:30 (EST, UTC−5)"},
		{"America/New_York", "2027-01-01T04:59:59Z", "Thursday, December 31, 2026, 23:59 (EST, UTC−5)"},
		{"Asia/Kolkata", "2026-03-08T07:00:00Z", "Sunday, March 8, 2026, 12:30 (IST, UTC+5:30)"},
		{"America/St_Johns", "2026-01-08T07:00:00Z", "Thursday, January 8, 2026, 03:30 (NST, UTC−3:30)"},
		{"America/Sao_Paulo", "2026-03-08T07:00:00Z", "Sunday, March 8, 2026, 04:00 (UTC−3)"},
		{"Asia/Tokyo", "2026-03-08T15:00:00Z", "Monday, March 9, 2026, 00:00 (JST, UTC+9)"},
		{"Europe/London", "2026-01-08T07:00:00Z", "Thursday, January 8, 2026, 07:00 (GMT, UTC)"},
		{"UTC", "2026-03-08T07:00:00Z", "Sunday, March 8, 2026, 07:00 (UTC)"},
	} {
		at, err := time.Parse(time.RFC3339, c.utc)
		if err != nil {
			t.Fatal(err)
		}
		if got := told(t, "en", at, c.zone); got != c.want {
			t.Errorf("%s in %s: %q, want %q", c.utc, c.zone, got, c.want)
		}
	}
}
