package letter

import (
	"strings"
	"time"

	"cardinal"
	"cardinal/internal/setting"
)

// Preview writes a letter with sample values, as if it were sent at the instant
// now, in now's zone. PIN, number and link are dots: an example would be used.
func (t *Template) Preview(now time.Time) (Letter, error) {
	values := Sample(t.language, now)
	for _, parts := range [][]part{t.subject, t.text, t.html} {
		variables(parts, func(name string) {
			if attribute, ofEvent := strings.CutPrefix(name, eventPrefix); ofEvent {
				values.Event[attribute] = "[" + attribute + "]"
			}
		})
	}
	return t.Render(values)
}

// Sample returns values for every variable of every kind, with names as they
// are usual in the language.
func Sample(language setting.Language, now time.Time) Values {
	v := Values{
		CustomerName:  "Acme corporation",
		PIN:           cardinal.NewPIN("••••••"),
		PINExpiration: now.Add(48 * time.Hour),
		CardNumber:    cardinal.CardNumber{Secret: concealed("••••••••")},
		Slot:          cardinal.Primary,
		Time:          now,
		Link:          cardinal.NewToken("https://cardinal.example/link/••••••••"),
		ValidUntil:    now.Add(time.Hour),
		Event:         map[string]string{},
		Zone:          now.Location(),
	}
	v.FullName, v.Username, v.Device = sampleNames(language)
	return v
}

func sampleNames(language setting.Language) (full, username, device string) {
	switch language {
	case "de":
		return "Anna Berger", "anna.berger", "Drucker 2. Etage"
	case "fr":
		return "Camille Laurent", "camille.laurent", "Imprimante 2e étage"
	case "es":
		return "Lucía Romero", "lucia.romero", "Impresora de la 2.ª planta"
	case "cs":
		return "Jana Nováková", "jana.novakova", "Tiskárna ve 2. patře"
	case "ja":
		return "佐藤 葵", "aoi.sato", "2階のプリンター"
	}
	return "Alex Morgan", "alex.morgan", "Printer, 2nd floor"
}
