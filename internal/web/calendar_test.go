package web

import (
	"testing"
	"testing/fstest"
	"time"
)

func TestDatesAndFiguresFollowTheLanguage(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{}
	for tag, form := range map[string]string{
		"en": "{{.Month}} {{.Day}}", "de": "{{.Day}}. {{.Month}}", "fr": "{{.Day}} {{.Month}}", "es": "{{.Day}} {{.Month}}", "cs": "{{.Day}}. {{.Month}}", "ja": "{{.Month}}{{.Day}}日",
	} {
		files["kit."+tag+".json"] = &fstest.MapFile{Data: []byte(`{"time.date-and-time": "{{.Date}} {{.Time}}", "time.day-and-month": "` + form + `"}`)}
	}
	catalogue, err := newCatalogue(files)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, time.May, 5, 9, 41, 0, 0, time.FixedZone("CEST", 2*60*60))
	for tag, want := range map[string][]string{
		"en": {"May 5, 2026 09:41", "May 5", "May", "Tue", "00:00", "1,204", "1,204.5", "12.5%"},
		"de": {"05.05.2026 09:41", "5. Mai", "Mai", "Di.", "00:00", "1.204", "1.204,5", "12,5\u00a0%"},
		"fr": {"5 mai 2026 09:41", "5 mai", "mai", "mar.", "00:00", "1\u00a0204", "1\u202f204,5", "12,5\u00a0%"},
		"es": {"5 may. 2026 9:41", "5 may.", "mayo", "mar.", "0:00", "1.204", "1.204,5", "12,5\u00a0%"},
		"cs": {"5. 5. 2026 9:41", "5. kvě", "května", "út", "0:00", "1\u00a0204", "1\u00a0204,5", "12,5\u00a0%"},
		"ja": {"2026/05/05 9:41", "5月5日", "5月", "火", "0:00", "1,204", "1,204.5", "12.5%"},
	} {
		w := catalogue.words[tag]
		got := []string{w.DateAndTime(at), w.DayAndMonth(at), w.Month(at.Month()), w.Weekday(at.Weekday()), w.Hour(0), w.Number(1204), w.Decimal(1204.5, 1), w.Percent(0.125, 1)}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%s: %+q, want %+q", tag, got[i], want[i])
			}
		}
		if nameOf(tag) == tag {
			t.Errorf("the language %q has no name of its own", tag)
		}
	}
}
