package web

import (
	"time"

	"github.com/go-playground/locales"
	"github.com/go-playground/locales/cs"
	"github.com/go-playground/locales/de"
	"github.com/go-playground/locales/en"
	"github.com/go-playground/locales/es"
	"github.com/go-playground/locales/fr"
	"github.com/go-playground/locales/ja"
)

// Language is a language to choose, under its own name.
type Language struct {
	Tag  string
	Name string
}

// nameOf returns the name of a language in that language.
func nameOf(tag string) string {
	switch tag {
	case "en":
		return "English"
	case "de":
		return "Deutsch"
	case "fr":
		return "Français"
	case "es":
		return "Español"
	case "cs":
		return "Čeština"
	case "ja":
		return "日本語"
	}
	return tag
}

// calendarOf returns the forms of dates and figures of a language (CLDR).
func calendarOf(tag string) locales.Translator {
	switch tag {
	case "de":
		return de.New()
	case "fr":
		return fr.New()
	case "es":
		return es.New()
	case "cs":
		return cs.New()
	case "ja":
		return ja.New()
	}
	return en.New()
}

// Date returns the day of t, in t's zone: "May 12, 2026".
func (w *Words) Date(t time.Time) string { return w.calendar.FmtDateMedium(t) }

// Clock returns the time of day of t to the minute, counted to 24 hours in
// every language: "09:41".
func (w *Words) Clock(t time.Time) string {
	if w.calendar.Locale() == sourceLanguage {
		return t.Format("15:04")
	}
	return w.calendar.FmtTimeShort(t)
}

// DateAndTime returns the day and the time of day of t: "May 12, 2026, 09:41".
func (w *Words) DateAndTime(t time.Time) string {
	return w.T("time.date-and-time", "Date", w.Date(t), "Time", w.Clock(t))
}

// DayAndMonth returns the day of t without its year, for the axis of a chart:
// "May 12".
func (w *Words) DayAndMonth(t time.Time) string {
	return w.T("time.day-and-month", "Day", t.Day(), "Month", w.calendar.MonthAbbreviated(t.Month()))
}

// Month returns the name of a month: "May".
func (w *Words) Month(m time.Month) string { return w.calendar.MonthWide(m) }

// Weekday returns the short name of a day of the week: "Tue".
func (w *Words) Weekday(d time.Weekday) string { return w.calendar.WeekdayAbbreviated(d) }

// Hour returns the hour of a day, 0 to 23, for the axis of a chart: "14:00".
func (w *Words) Hour(hour int) string {
	return w.Clock(time.Date(2000, time.January, 1, hour, 0, 0, 0, time.UTC))
}

// Decimal returns x with that many digits after the decimal mark: "1,204.5".
func (w *Words) Decimal(x float64, digits int) string {
	return w.calendar.FmtNumber(x, uint64(max(digits, 0)))
}

// Percent returns a share of 1 in per cent with that many digits after the
// decimal mark: "12.5%".
func (w *Words) Percent(share float64, digits int) string {
	return w.calendar.FmtPercent(share*100, uint64(max(digits, 0)))
}
