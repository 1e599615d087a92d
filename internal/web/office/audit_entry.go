package office

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"cardinal"
	"cardinal/internal/web"
)

// valueMost is how many characters of a changed field a line of a list shows.
const valueMost = 200

// Happening puts an audit entry into words, in the language and the time zone of
// the shell. What the catalogue does not know stands as the entry has it.
func Happening(shell web.Shell, e cardinal.AuditEntry) web.Happening {
	words := shell.Words
	h := web.Happening{
		At: shell.Time(e.Time), What: words.Code("action", e.Action, e.Action), Code: e.Action,
		About: aboutOf(words, e), Who: Named(words, e.Actor), From: e.Address,
	}
	before, after := fieldsOf(e.Before), fieldsOf(e.After)
	names := maps.Clone(before)
	maps.Copy(names, after)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		h.Changes = append(h.Changes, web.Change{
			Label: words.Code("audit-field", name, name), Was: valueOf(shell, name, before), Is: valueOf(shell, name, after),
		})
	}
	return h
}

// Named puts "user anna" into words, as entries name actors and subjects: what
// sort of thing it is, and its name.
func Named(words *web.Words, text string) string {
	kind, name, _ := strings.Cut(oneWord().Replace(text), " ")
	return strings.TrimSpace(words.Code("audit-kind", kind, kind) + " " + name)
}

// oneWord makes one word of the sorts of things that have two.
func oneWord() *strings.Replacer {
	return strings.NewReplacer("API token ", "token ", "messaging configuration ", "messaging-configuration ", "e-mail template ", "email-template ")
}

// aboutOf leads to the page of what the entry is about, where there is one.
func aboutOf(words *web.Words, e cardinal.AuditEntry) web.Link {
	link := web.Link{Label: Named(words, e.Subject)}
	kind, name, _ := strings.Cut(e.Subject, " ")
	switch {
	case name == "" || strings.HasSuffix(e.Action, ".deleted"):
	case kind == "user":
		link.URL = UserURL(name)
	case kind == "setting":
		link.URL = ConfigEditorPath + Query("find", name)
	case kind == "import":
		link.URL = ImportPath + "/" + name
	}
	return link
}

// fieldsOf takes an object apart; what is none has no fields.
func fieldsOf(object string) map[string]json.RawMessage {
	fields := map[string]json.RawMessage{}
	if json.Unmarshal([]byte(object), &fields) != nil {
		return map[string]json.RawMessage{}
	}
	return fields
}

// valueOf is how a field reads: "" where the object does not have it.
func valueOf(shell web.Shell, name string, fields map[string]json.RawMessage) string {
	raw, ok := fields[name]
	if !ok {
		return ""
	}
	text := spoken(shell, name, raw)
	if text == "" {
		return shell.Words.T("fact.none")
	}
	if utf8.RuneCountInString(text) > valueMost {
		text = string([]rune(text)[:valueMost]) + "…"
	}
	return text
}

func spoken(shell web.Shell, name string, raw json.RawMessage) string {
	var yes bool
	var text string
	var list []string
	switch {
	case bytes.Equal(raw, []byte("null")):
		return ""
	case json.Unmarshal(raw, &yes) == nil:
		if yes {
			return shell.Words.T("audit-value.yes")
		}
		return shell.Words.T("audit-value.no")
	case json.Unmarshal(raw, &text) == nil:
		return spokenText(shell, name, text)
	case json.Unmarshal(raw, &list) == nil:
		for i, item := range list {
			list[i] = spokenText(shell, name, item)
		}
		return strings.Join(list, ", ")
	}
	return string(raw)
}

func spokenText(shell web.Shell, name, text string) string {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return shell.Time(at).Local()
	}
	switch name {
	case "role":
		return shell.Words.Code("role", text, text)
	case "methods":
		return shell.Words.Code("method", text, text)
	case "state":
		return shell.Words.Code("import-state", text, text)
	}
	return text
}
