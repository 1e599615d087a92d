package setting

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"cardinal"
)

// about is what each declaration says of itself besides key, type and range.
type about struct {
	page    Page
	label   string
	meaning string
}

func decode[T any](raw string) (T, bool) {
	var value T
	decoder := json.NewDecoder(strings.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&value); err != nil || decoder.More() || raw == "null" {
		return value, false
	}
	return value, true
}

func integer(key string, def, least, most int, a about) Of[int] {
	d := Definition{Key: key, Type: Integer, Page: a.page, Label: a.label, Meaning: a.meaning, Min: least, Max: most, Default: fmt.Sprint(def)}
	d.parse = func(raw string) (any, error) {
		value, ok := decode[int](raw)
		if !ok || value < least || value > most {
			return nil, d.refuse(cardinal.Say("a whole number from %d to %d", least, most))
		}
		return value, nil
	}
	return declared[int](d)
}

// unlimitedOr declares a whole number from 1 on, or -1 for without limit. Where 0
// would shut everybody out for good, it is no value.
func unlimitedOr(key string, def, most int, a about) Of[int] {
	d := Definition{Key: key, Type: Integer, Page: a.page, Label: a.label, Meaning: a.meaning, Min: -1, Max: most, Default: fmt.Sprint(def)}
	d.parse = func(raw string) (any, error) {
		value, ok := decode[int](raw)
		if !ok || value != -1 && (value < 1 || value > most) {
			return nil, d.refuse(cardinal.Say("a whole number from 1 to %d, or -1 for without limit", most))
		}
		return value, nil
	}
	return declared[int](d)
}

func boolean(key string, def bool, a about) Of[bool] {
	d := Definition{Key: key, Type: Boolean, Page: a.page, Label: a.label, Meaning: a.meaning, Default: fmt.Sprint(def)}
	d.parse = func(raw string) (any, error) {
		value, ok := decode[bool](raw)
		if !ok {
			return nil, d.refuse(cardinal.Say("true or false"))
		}
		return value, nil
	}
	return declared[bool](d)
}

// text declares a single-line text that check accepts; check answers what the
// setting takes, or nothing.
func text(key, def string, most int, check func(string) cardinal.Sentence, a about) Of[string] {
	d := Definition{Key: key, Type: Text, Page: a.page, Label: a.label, Meaning: a.meaning, Max: most, Default: quote(def)}
	d.parse = func(raw string) (any, error) {
		value, ok := decode[string](raw)
		if !ok || utf8.RuneCountInString(value) > most || !cardinal.CleanText(value) {
			return nil, d.refuse(cardinal.Say("a text of one line and at most %d characters", most))
		}
		if takes := check(value); !takes.IsZero() {
			return nil, d.refuse(takes)
		}
		return value, nil
	}
	return declared[string](d)
}

// configuration declares a setting that names a messaging configuration, or none.
func configuration(key string, a about) Of[string] {
	d := text(key, "", objectMost, anything, a).Definition
	d.Names = NamesConfiguration
	return declared[string](d)
}

// template declares a setting that names an e-mail template of a kind; with an
// empty default, or none.
func template(key, def, kind string, a about) Of[string] {
	check := anything
	if def != "" {
		check = required
	}
	return templateThat(key, def, kind, check, a)
}

// templateUnlessOff is template for one that is on by default and can be emptied.
func templateUnlessOff(key, def string, a about) Of[string] {
	return templateThat(key, def, def, anything, a)
}

func templateThat(key, def, kind string, check func(string) cardinal.Sentence, a about) Of[string] {
	d := text(key, def, objectMost, check, a).Definition
	d.Names, d.TemplateKind = NamesTemplate, kind
	return declared[string](d)
}

const objectMost = 64

func choice[T ~string](key string, def T, options []T, a about) Of[T] {
	d := Definition{Key: key, Type: Choice, Page: a.page, Label: a.label, Meaning: a.meaning, Options: names(options), Default: quote(string(def))}
	d.parse = func(raw string) (any, error) {
		value, ok := decode[string](raw)
		if !ok || !slices.Contains(options, T(value)) {
			return nil, d.refuse(cardinal.Say("one of %s", strings.Join(names(options), ", ")))
		}
		return T(value), nil
	}
	return declared[T](d)
}

func choices[T ~string](key string, def, options []T, a about) Of[[]T] {
	defaultJSON, _ := json.Marshal(def) // strings always encode
	d := Definition{Key: key, Type: Choices, Page: a.page, Label: a.label, Meaning: a.meaning, Options: names(options), Default: string(defaultJSON)}
	d.parse = func(raw string) (any, error) {
		values, ok := decode[[]T](raw)
		seen := map[T]bool{}
		for _, value := range values {
			ok = ok && slices.Contains(options, value) && !seen[value]
			seen[value] = true
		}
		if !ok || len(values) == 0 {
			return nil, d.refuse(cardinal.Say("an array of one or more of %s, each at most once", strings.Join(names(options), ", ")))
		}
		return values, nil
	}
	return declared[[]T](d)
}

const maxLockSeconds = 7 * 24 * 60 * 60

func limits(key string, def []cardinal.LockLimit, a about) Of[[]cardinal.LockLimit] {
	defaultJSON, _ := json.Marshal(def) // plain integers always encode
	d := Definition{Key: key, Type: Limits, Page: a.page, Label: a.label, Meaning: a.meaning, Default: string(defaultJSON)}
	d.parse = func(raw string) (any, error) {
		values, ok := decode[[]cardinal.LockLimit](raw)
		ok = ok && len(values) >= 1 && len(values) <= 10
		for i, l := range values {
			ok = ok && l.Wrong >= 1 && l.Wrong <= 1000 && l.LockSeconds >= 0 && l.LockSeconds <= maxLockSeconds
			ok = ok && (i == 0 || l.Wrong > values[i-1].Wrong)
			ok = ok && (l.LockSeconds > 0 || i == len(values)-1)
		}
		if !ok {
			return nil, d.refuse(cardinal.Say(`an array of one to ten {"wrong": 1–1000, "lockSeconds": 0–604800} with rising wrong; only the last may lock for 0 seconds, which means until an administrator unlocks`))
		}
		return values, nil
	}
	return declared[[]cardinal.LockLimit](d)
}

func quote(s string) string {
	quoted, _ := json.Marshal(s) // a string always encodes
	return string(quoted)
}

func names[T ~string](options []T) []string {
	texts := make([]string, len(options))
	for i, o := range options {
		texts[i] = string(o)
	}
	return texts
}
