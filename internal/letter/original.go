package letter

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"golang.org/x/net/html"

	"cardinal"
	"cardinal/internal/setting"
)

// Original is a predefined template: what an edited one is reset to. Its name
// is part of stored templates and of the API.
type Original struct {
	Name string
	Kind Kind
}

// PINRequest names the predefined template for the link of somebody who forgot
// their PIN; it is of the kind PasswordReset.
const PINRequest = "pin-request"

// Originals returns the predefined templates in the order in which pages list
// them: one for each kind under the kind's name, and PINRequest.
func Originals() []Original {
	var all []Original
	for _, k := range Kinds() {
		all = append(all, Original{Name: string(k), Kind: k})
		if k == PasswordReset {
			all = append(all, Original{Name: PINRequest, Kind: k})
		}
	}
	return all
}

// originals has a folder for each language and in it a file for each template.
// Translators change these files alone; README.md beside them says how.
//
//go:embed originals/*/*.txt
var originals embed.FS

// Source returns the template in a language. The error is of CodeNotFound if
// there is none.
func (o Original) Source(language setting.Language) (Source, error) {
	content, err := originals.ReadFile("originals/" + string(language) + "/" + o.Name + ".txt")
	if errors.Is(err, fs.ErrNotExist) {
		return Source{}, cardinal.Errorf(cardinal.CodeNotFound, "There is no such predefined template.")
	}
	if err != nil {
		return Source{}, fmt.Errorf("predefined template: %w", err)
	}
	return drafted(string(content))
}

const subjectMark = "Subject: "

// drafted makes the text and the HTML out of one file, so that they say the
// same.
func drafted(file string) (Source, error) {
	first, rest, _ := strings.Cut(lineBreaks.Replace(file), "\n")
	subject, ok := strings.CutPrefix(first, subjectMark)
	if !ok {
		return Source{}, fmt.Errorf("the first line of a predefined template begins with %q", subjectMark)
	}
	var texts, markups []string
	for block := range strings.SplitSeq(strings.TrimSpace(rest), "\n\n") {
		text, markup := draftBlock(strings.Split(strings.TrimSpace(block), "\n"))
		texts, markups = append(texts, text), append(markups, markup)
	}
	return Source{
		Subject: subject,
		Text:    strings.Join(texts, "\n\n") + "\n",
		HTML:    strings.Join(markups, "\n") + "\n",
	}, nil
}

// draftBlock writes lines that stand together as text and as HTML. The first
// characters of the block say what it is.
func draftBlock(lines []string) (text, markup string) {
	mark, rest, marked := strings.Cut(lines[0], " ")
	if !marked {
		rest = lines[0]
	}
	switch mark {
	case "#":
		return rest, "<h1>" + html.EscapeString(rest) + "</h1>"
	case "=":
		return "    " + rest, `<p class="secret">` + html.EscapeString(rest) + "</p>"
	case "-":
		return draftFacts(lines)
	case ">":
		return draftLink(lines)
	case "~":
		return rest, "<hr>\n" + `<p class="quiet">` + html.EscapeString(rest) + "</p>"
	}
	return strings.Join(lines, "\n"), "<p>" + strings.ReplaceAll(html.EscapeString(strings.Join(lines, "\n")), "\n", "<br>\n") + "</p>"
}

// draftFacts writes values with their names. The colon stands as the language
// has it.
func draftFacts(lines []string) (text, markup string) {
	var texts, markups []string
	for _, line := range lines {
		line = strings.TrimPrefix(line, "- ")
		at := strings.Index(line, "{{")
		texts = append(texts, line)
		markups = append(markups, `<p class="fact"><span class="label">`+html.EscapeString(strings.TrimSpace(line[:max(at, 0)]))+
			"</span><br>\n<strong>"+html.EscapeString(line[max(at, 0):])+"</strong></p>")
	}
	return strings.Join(texts, "\n"), `<div class="facts">` + "\n" + strings.Join(markups, "\n") + "\n</div>"
}

// draftLink writes a button and, for programs that show none and people who
// look before they click, the address itself.
func draftLink(lines []string) (text, markup string) {
	label := strings.TrimPrefix(lines[0], "> ")
	instead := strings.TrimPrefix(lines[len(lines)-1], "> ")
	const link = "{{" + varLink + "}}"
	return label + "\n" + link, `<p><a class="button" href="` + link + `">` + html.EscapeString(label) + "</a></p>\n" +
		`<p class="quiet">` + html.EscapeString(instead) + "<br>\n" + `<a href="` + link + `">` + link + "</a></p>"
}
