package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"cardinal"
)

const schemas = "#/components/schemas/"

// newDocument draws the OpenAPI document from the table and from the types that
// its handlers take and answer.
func newDocument(table []route) (doc *huma.OpenAPI, err error) {
	defer func() {
		if p := recover(); p != nil { // huma panics on types it cannot describe
			err = fmt.Errorf("api: describe the routes: %v", p)
		}
	}()
	registry := huma.NewMapRegistry(schemas, huma.DefaultSchemaNamer)
	doc = &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title: "Cardinal", Version: "1",
			Description: "PINs and card numbers of people, and who they are at a device. " +
				"Bodies are JSON in UTF-8 of at most 1 MiB; times are RFC 3339 in UTC. Fields of answers are always present and null where there is nothing. " +
				"Unknown fields and unknown parameters are refused. Errors are application/problem+json (RFC 9457) and repeat nothing of what was sent. " +
				"A token may make api.rate-per-second requests a second, with bursts of ten times as many; past it the answer is 429 with Retry-After.",
		},
		Components: &huma.Components{
			Schemas:         registry,
			SecuritySchemes: map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer"}},
		},
		Security: []map[string][]string{{"token": {}}},
	}
	seen := map[string]bool{}
	for _, r := range table {
		if !seen[r.tag] {
			seen[r.tag] = true
			doc.Tags = append(doc.Tags, &huma.Tag{Name: r.tag})
		}
		doc.AddOperation(r.operation(registry))
	}
	return doc, nil
}

func (r route) operation(registry huma.Registry) *huma.Operation {
	op := &huma.Operation{
		Method: r.method, Path: prefix + r.path, OperationID: r.id, Tags: []string{r.tag}, Summary: r.summary,
		Description: strings.TrimSpace(r.notes + "\n\nNeeds the permission " + string(r.permission) + ": " + holders(r.permission) + "."),
		Responses: map[string]*huma.Response{
			strconv.Itoa(r.status): r.response(registry),
			"default": {
				Description: "What went wrong, and what to do next",
				Content:     map[string]*huma.MediaType{"application/problem+json": {Schema: registry.Schema(reflect.TypeFor[problem](), true, "")}},
			},
		},
	}
	for _, p := range r.in.parameters {
		if p.name != "Content-Type" { // the document says it with the body
			op.Parameters = append(op.Parameters, p.describe(registry))
		}
	}
	if r.once {
		op.Parameters = append(op.Parameters, &huma.Param{
			Name: "Idempotency-Key", In: string(inHeader), Schema: &huma.Schema{Type: huma.TypeString},
			Description: "1 to 255 printable characters of the caller's choice: for 24 hours, the same request under the same key has one effect and one answer. " +
				"An answer that held a PIN or a token is not kept: its repeat gets 409.",
		})
	}
	op.RequestBody = r.requestBody(registry)
	return op
}

// holders names who has a permission.
func holders(p cardinal.Permission) string {
	if p == cardinal.PermSignInAtDevice {
		return "tokens of devices"
	}
	var names []string
	for _, role := range cardinal.Roles() {
		if role.May(p) && role != cardinal.RoleUser {
			names = append(names, string(role))
		}
	}
	return "tokens with the role " + strings.Join(names, ", ")
}

func (p parameter) describe(registry huma.Registry) *huma.Param {
	schema := *huma.SchemaFromField(registry, p.field, "")
	described := &huma.Param{Name: p.name, In: string(p.place), Description: schema.Description, Required: p.place == inPath, Schema: &schema}
	schema.Description = ""
	return described
}

func (r route) requestBody(registry huma.Registry) *huma.RequestBody {
	switch {
	case r.streams():
		return &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"text/csv": {Schema: &huma.Schema{Type: huma.TypeString}}}}
	case r.in.body < 0:
		return nil
	}
	schema := schemaOf(registry, r.in.kind.Field(r.in.body).Type, r.id)
	return &huma.RequestBody{Required: r.in.members.required(), Content: map[string]*huma.MediaType{"application/json": {Schema: schema}}}
}

func (r route) response(registry huma.Registry) *huma.Response {
	response := &huma.Response{Description: "Done"}
	for f := range r.out.Fields() {
		switch name := f.Tag.Get("header"); {
		case name == "Location" && r.status != 201 && r.status != 202:
		case name != "":
			if response.Headers == nil {
				response.Headers = map[string]*huma.Param{}
			}
			response.Headers[name] = &huma.Header{Description: f.Tag.Get("doc"), Schema: &huma.Schema{Type: huma.TypeString}}
		case f.Type.Kind() == reflect.Func:
			response.Content = map[string]*huma.MediaType{"text/csv": {Schema: &huma.Schema{Type: huma.TypeString}}}
		default:
			response.Content = map[string]*huma.MediaType{"application/json": {Schema: schemaOf(registry, f.Type, r.id)}}
		}
	}
	return response
}

// schemaOf describes a body. Bodies that embed others are described flat: huma
// leaves embedded types out whose names are not exported.
func schemaOf(registry huma.Registry, kind reflect.Type, hint string) *huma.Schema {
	if kind.Name() != "" {
		hint = kind.Name()
	}
	var fields []reflect.StructField
	embeds := false
	for _, f := range reflect.VisibleFields(kind) {
		if f.Anonymous {
			embeds = true
			continue
		}
		fields = append(fields, reflect.StructField{Name: f.Name, Type: f.Type, Tag: f.Tag})
	}
	if embeds {
		kind = reflect.StructOf(fields)
	}
	return registry.Schema(kind, true, hint)
}

// documentText is the document as it is served and kept in the repository.
func documentText(doc *huma.OpenAPI) ([]byte, error) {
	compact, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("api: encode the document: %w", err)
	}
	var text bytes.Buffer
	if err := json.Indent(&text, compact, "", "  "); err != nil {
		return nil, fmt.Errorf("api: indent the document: %w", err)
	}
	text.WriteByte('\n')
	return text.Bytes(), nil
}
