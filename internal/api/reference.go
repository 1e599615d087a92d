package api

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

//go:embed reference.html
var referenceTemplate string

//go:embed reference.css
var referenceStyle []byte

// operationView is one call on the reference page.
type operationView struct {
	*huma.Operation
	Takes   []propertyView
	Answers []answerView
}

type answerView struct {
	Status      string
	ContentType string
	Properties  []propertyView
}

// propertyView is one field of a JSON object, or of the objects in its list.
type propertyView struct {
	Name     string
	Type     string
	Required bool
	About    string
}

type tagView struct {
	Name       string
	Anchor     string
	Operations []operationView
}

// referencePage draws the page for people from the document for programs.
func referencePage(doc *huma.OpenAPI) ([]byte, error) {
	page, err := template.New("reference").Parse(referenceTemplate)
	if err != nil {
		return nil, fmt.Errorf("api: read the reference page: %w", err)
	}
	d := drawing{doc.Components.Schemas}
	var tags []tagView
	for _, tag := range doc.Tags {
		tags = append(tags, tagView{tag.Name, strings.ReplaceAll(strings.ToLower(tag.Name), " ", "-"), d.operations(doc, tag.Name)})
	}
	var text bytes.Buffer
	err = page.Execute(&text, struct {
		Info    *huma.Info
		Tags    []tagView
		Problem []propertyView
	}{doc.Info, tags, d.properties(doc.Components.Schemas.SchemaFromRef(schemas + "Problem"))})
	if err != nil {
		return nil, fmt.Errorf("api: draw the reference page: %w", err)
	}
	return text.Bytes(), nil
}

// drawing resolves what the document refers to.
type drawing struct{ registry huma.Registry }

func (d drawing) operations(doc *huma.OpenAPI, tag string) []operationView {
	var views []operationView
	for _, item := range doc.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op != nil && slices.Contains(op.Tags, tag) {
				views = append(views, d.operation(op))
			}
		}
	}
	order := []string{"GET", "POST", "PUT", "PATCH", "DELETE"}
	slices.SortFunc(views, func(a, b operationView) int {
		if a.Path != b.Path {
			return strings.Compare(a.Path, b.Path)
		}
		return slices.Index(order, a.Method) - slices.Index(order, b.Method)
	})
	return views
}

func (d drawing) operation(op *huma.Operation) operationView {
	view := operationView{Operation: op}
	if op.RequestBody != nil {
		view.Takes = d.content(op.RequestBody.Content)
	}
	for status, response := range op.Responses {
		if status == "default" {
			continue
		}
		shown := answerView{Status: status, Properties: d.content(response.Content)}
		for contentType := range response.Content {
			shown.ContentType = contentType
		}
		view.Answers = append(view.Answers, shown)
	}
	return view
}

func (d drawing) content(content map[string]*huma.MediaType) []propertyView {
	for _, media := range content {
		return d.properties(d.resolve(media.Schema))
	}
	return nil
}

func (d drawing) resolve(s *huma.Schema) *huma.Schema {
	if s.Ref != "" {
		return d.registry.SchemaFromRef(s.Ref)
	}
	return s
}

func (d drawing) properties(s *huma.Schema) []propertyView {
	var views []propertyView
	for name, property := range s.Properties {
		views = append(views, propertyView{name, d.typeOf(property), slices.Contains(s.Required, name), property.Description})
		resolved := d.resolve(property)
		if resolved.Items != nil {
			resolved = d.resolve(resolved.Items)
		}
		for _, inner := range d.properties(resolved) {
			inner.Name = name + "." + inner.Name
			views = append(views, inner)
		}
	}
	slices.SortFunc(views, func(a, b propertyView) int { return strings.Compare(a.Name, b.Name) })
	return views
}

func (d drawing) typeOf(s *huma.Schema) string {
	s = d.resolve(s)
	name := s.Type
	switch {
	case name == "":
		name = "any JSON"
	case s.Items != nil:
		name = "array of " + d.typeOf(s.Items)
	case s.Format == "date-time" || s.Format == "password":
		name += " (" + s.Format + ")"
	}
	if len(s.Enum) > 0 {
		texts := make([]string, len(s.Enum))
		for i, value := range s.Enum {
			texts[i] = fmt.Sprint(value)
		}
		name = strings.Join(texts, " | ")
	}
	if s.Nullable {
		name += " or null"
	}
	return name
}
