package access

import "strings"

// mark is a piece of a user agent and what it tells.
type mark struct{ piece, name string }

// The order decides: most browsers also name those that they are like.
var browsers = []mark{
	{"Edg", "Edge"}, {"OPR/", "Opera"}, {"Vivaldi/", "Vivaldi"}, {"SamsungBrowser/", "Samsung Internet"},
	{"FxiOS/", "Firefox"}, {"Firefox/", "Firefox"}, {"CriOS/", "Chrome"}, {"Chromium/", "Chromium"},
	{"Chrome/", "Chrome"}, {"Version/", "Safari"}, {"curl/", "curl"},
}

var systems = []mark{
	{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"CrOS", "ChromeOS"},
	{"Windows", "Windows"}, {"Macintosh", "macOS"}, {"Linux", "Linux"},
}

// readUserAgent returns the names of browser and system that a user agent tells
// of, "" where it tells none that is known. Names say enough to recognise one's
// own devices; versions would not.
func readUserAgent(text string) (browser, system string) {
	return first(browsers, text), first(systems, text)
}

func first(marks []mark, text string) string {
	for _, m := range marks {
		if strings.Contains(text, m.piece) {
			return m.name
		}
	}
	return ""
}
