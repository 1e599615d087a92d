package web

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"strings"
)

// iconFile is an icon as Tabler draws them: 24 × 24, strokes only.
type iconFile struct {
	Inner string `xml:",innerxml"`
}

// iconSprite joins the SVG files of a folder into one file of symbols, whose
// ids are the files' names.
func iconSprite(files fs.FS, folder string) ([]byte, map[string]bool, error) {
	paths, err := fs.Glob(files, folder+"/*.svg")
	if err != nil {
		return nil, nil, fmt.Errorf("list icons: %w", err)
	}
	var sprite bytes.Buffer
	names := map[string]bool{}
	sprite.WriteString(`<svg xmlns="http://www.w3.org/2000/svg">`)
	for _, p := range paths {
		content, err := fs.ReadFile(files, p)
		if err != nil {
			return nil, nil, fmt.Errorf("read icon %s: %w", p, err)
		}
		var icon iconFile
		if err := xml.Unmarshal(content, &icon); err != nil {
			return nil, nil, fmt.Errorf("parse icon %s: %w", p, err)
		}
		name := strings.TrimSuffix(path.Base(p), ".svg")
		names[name] = true
		fmt.Fprintf(&sprite, `<symbol id="%s" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">%s</symbol>`,
			name, strings.Join(strings.Fields(icon.Inner), " "))
	}
	sprite.WriteString(`</svg>`)
	return sprite.Bytes(), names, nil
}

// icon returns the markup of an icon, which says nothing to screen readers:
// the words beside it do.
func (a *Assets) icon(name string) (template.HTML, error) {
	if !a.icons[name] {
		return "", fmt.Errorf("there is no icon %q in assets/icons", name)
	}
	//nolint:gosec // the URL and the name come from the kit's own files
	return template.HTML(`<svg class="icon" aria-hidden="true" focusable="false"><use href="` + a.files["icons.svg"].url + "#" + name + `"></use></svg>`), nil
}
