package e2e_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// What every scenario's organisation is called, and who its administrator is.
const (
	organisationName = "Acme corporation"
	adminName        = "admin"
	adminPassword    = "correct horse battery"
)

// question is one request to the API.
type question struct {
	method, path string // the path below /api/v1, perhaps with a query; below / where it begins with //
	token        string // empty: none is sent
	body         string
	header       []string // further lines, as in a request
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// ask sends a question to the server at an address.
func ask(address string, q question) (answer, error) {
	path := "/api/v1" + q.path
	if whole, ok := strings.CutPrefix(q.path, "//"); ok {
		path = "/" + whole
	}
	r, err := http.NewRequest(q.method, address+path, strings.NewReader(q.body))
	if err != nil {
		return answer{}, err
	}
	if q.token != "" {
		r.Header.Set("Authorization", "Bearer "+q.token)
	}
	if q.body != "" {
		r.Header.Set("Content-Type", "application/json")
		if !strings.HasPrefix(q.body, "{") {
			r.Header.Set("Content-Type", "text/csv")
		}
	}
	for _, line := range q.header {
		name, value, _ := strings.Cut(line, ":")
		r.Header.Set(name, strings.TrimSpace(value))
	}
	return send(http.DefaultClient, r)
}

func send(client *http.Client, r *http.Request) (answer, error) {
	got, err := client.Do(r)
	if err != nil {
		return answer{}, err
	}
	body, err := io.ReadAll(got.Body)
	if closeErr := got.Body.Close(); err == nil {
		err = closeErr
	}
	return answer{got.StatusCode, got.Header, body}, err
}

// json decodes the body into a value of JSON.
func (a answer) json() (value any, err error) {
	err = json.Unmarshal(a.body, &value)
	return value, err
}

// codes returns the violations' codes in an answer, in its order.
func (a answer) codes() []string {
	var problem struct {
		Violations []struct {
			Code string `json:"code"`
		} `json:"violations"`
	}
	if json.Unmarshal(a.body, &problem) != nil {
		return nil
	}
	codes := make([]string, len(problem.Violations))
	for i, v := range problem.Violations {
		codes[i] = v.Code
	}
	return codes
}

// listed are the lists of the API that show all of an organisation's state.
var listed = []string{"/users", "/settings", "/devices", "/api-tokens", "/sign-ins", "/audit-entries",
	"/messaging-configurations", "/email-templates", "/notifications", "/bulk-actions"}

// fleeting are fields that change because somebody looks.
var fleeting = []string{"lastUsedAt", "lastSeenAt"}

// lists reads lists to their end, as an administrator's token sees them.
func lists(address, token string, paths []string) (map[string]string, error) {
	state := map[string]string{}
	for _, path := range paths {
		items, err := listAll(address, token, path)
		if err != nil {
			return nil, err
		}
		state[path] = plain(items)
	}
	return state, nil
}

// listAll reads the pages of one list.
func listAll(address, token, path string) ([]any, error) {
	var all []any
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	for cursor := ""; ; {
		got, err := ask(address, question{method: "GET", path: path + separator + "limit=200&cursor=" + url.QueryEscape(cursor), token: token})
		if err == nil && got.status != http.StatusOK {
			err = fmt.Errorf("GET %s: status %d: %s", path, got.status, got.body)
		}
		if err != nil {
			return nil, err
		}
		var page struct {
			Items      []any  `json:"items"`
			NextCursor string `json:"nextCursor"`
		}
		if err := json.Unmarshal(got.body, &page); err != nil {
			return nil, fmt.Errorf("GET %s: %w", path, err)
		}
		for _, item := range page.Items {
			if object, ok := item.(map[string]any); ok {
				for _, name := range fleeting {
					delete(object, name)
				}
			}
			all = append(all, item)
		}
		if cursor = page.NextCursor; cursor == "" {
			return all, nil
		}
	}
}
