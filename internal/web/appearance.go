package web

import (
	"fmt"
	"net/http"
	"time"

	"cardinal"
)

// Theme is the colour scheme of the pages.
type Theme string

// The themes; ThemeAuto follows the device, without any script.
const (
	ThemeAuto  Theme = "auto"
	ThemeLight Theme = "light"
	ThemeDark  Theme = "dark"
)

// Themes returns the themes in the order in which they are offered.
func Themes() []Theme { return []Theme{ThemeAuto, ThemeLight, ThemeDark} }

const (
	themeCookie    = "cardinal-theme"
	languageCookie = "cardinal-language"
	choiceLife     = 400 * 24 * time.Hour // the longest that browsers keep a cookie
)

// themeOf returns the theme that the browser's owner chose.
func themeOf(r *http.Request) Theme {
	if c, err := r.Cookie(themeCookie); err == nil {
		return parseTheme(c.Value)
	}
	return ThemeAuto
}

func parseTheme(name string) Theme {
	switch t := Theme(name); t {
	case ThemeLight, ThemeDark:
		return t
	}
	return ThemeAuto
}

// saveAppearance answers the choice of theme and language: fields "theme",
// "language" and "back", the path to return to.
func (k *Kit) saveAppearance(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	if theme := r.PostForm.Get("theme"); theme != "" {
		k.keep(w, r, themeCookie, string(parseTheme(theme)))
	}
	if language := r.PostForm.Get("language"); k.catalogue.has(language) {
		k.keep(w, r, languageCookie, language)
		if caller := CallerOf(r); caller.Kind == cardinal.CallerUser && k.config.KeepLanguage != nil {
			if err := k.config.KeepLanguage(r.Context(), caller, language); err != nil {
				return fmt.Errorf("keep the language: %w", err)
			}
		}
	}
	return k.Redirect(w, r, r.PostForm.Get("back"), Flash{})
}

func (k *Kit) keep(w http.ResponseWriter, r *http.Request, name, value string) {
	c := k.cookie(r, name, value)
	c.MaxAge = int(choiceLife.Seconds())
	http.SetCookie(w, c)
}
