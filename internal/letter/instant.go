package letter

import (
	"fmt"
	"strings"
	"time"

	"github.com/go-playground/locales"
	"github.com/go-playground/locales/cs"
	"github.com/go-playground/locales/de"
	"github.com/go-playground/locales/en"
	"github.com/go-playground/locales/es"
	"github.com/go-playground/locales/fr"
	"github.com/go-playground/locales/ja"

	"cardinal"
	"cardinal/internal/setting"
)

// phrases are the words of values in one language.
type phrases struct {
	calendar locales.Translator
	moment   string // day and time of day
	never    string // an instant that does not come: the PIN does not expire
	nowhere  string // no device
	slots    map[cardinal.Slot]string
}

func slots(primary, secondary string) map[cardinal.Slot]string {
	return map[cardinal.Slot]string{cardinal.Primary: primary, cardinal.Secondary: secondary}
}

func phrasesOf(language setting.Language) phrases {
	switch language {
	case "de":
		return phrases{de.New(), "%s, %s Uhr", "nie", "kein Gerät", slots("primär", "sekundär")}
	case "fr":
		return phrases{fr.New(), "%s à %s", "jamais", "aucun appareil", slots("principal", "secondaire")} //nolint:misspell // French
	case "es":
		return phrases{es.New(), "%s, %s", "nunca", "ningún dispositivo", slots("principal", "secundario")}
	case "cs":
		return phrases{cs.New(), "%s, %s", "nikdy", "žádné zařízení", slots("primární", "sekundární")}
	case "ja":
		return phrases{ja.New(), "%s %s", "なし", "デバイスなし", slots("プライマリ", "セカンダリ")}
	}
	return phrases{en.New(), "%s, %s", "never", "no device", slots("primary", "secondary")}
}

// instant writes t in full for readers in zone, with what the zone's clocks
// are called and how far they are from UTC, so that the hour that comes twice in
// autumn is told apart: "Sunday, October 25, 2026, 02:30 (CET, UTC+1)". The zero
// time never comes.
func (p phrases) instant(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return p.never
	}
	if zone == nil {
		zone = time.UTC
	}
	t = t.In(zone)
	clock := t.Format("15:04") // the English one of CLDR counts to 12
	if p.calendar.Locale() != "en" {
		clock = p.calendar.FmtTimeShort(t)
	}
	return fmt.Sprintf(p.moment, p.calendar.FmtDateFull(t), clock) + " (" + zoneOf(t) + ")"
}

// zoneOf names the clocks that t is told by. Zones without a name of their own
// have an offset for one, which is not said twice.
func zoneOf(t time.Time) string {
	name, seconds := t.Zone()
	offset := "UTC"
	if seconds != 0 {
		sign := "+"
		if seconds < 0 {
			sign, seconds = "−", -seconds
		}
		offset += fmt.Sprintf("%s%d", sign, seconds/3600)
		if minutes := seconds / 60 % 60; minutes != 0 {
			offset += fmt.Sprintf(":%02d", minutes)
		}
	}
	if name == offset || name == "" || strings.ContainsAny(name[:1], "+-") {
		return offset
	}
	return name + ", " + offset
}
