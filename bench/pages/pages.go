package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"cardinal/internal/account"
)

// unmeasured are the routes that answer with no page, or not here, and why.
func unmeasured() map[string]string {
	return map[string]string{
		"GET /{$}":                                "leads elsewhere",
		"GET /sign-out-everywhere":                "leads elsewhere",
		"GET /sign-out":                           "leads elsewhere",
		"GET /sign-in":                            "leads elsewhere who is signed in",
		"GET /sign-in/second":                     "for who is half signed in",
		"GET /change-details":                     "is there where the settings allow it",
		"GET /change-details/pin":                 "leads elsewhere",
		"GET /change-details/number":              "leads elsewhere",
		"GET /export-users/users.csv":             "a file that is as long as the list",
		"GET /import-users/{id}/report.csv":       "a file that is as long as the import",
		"GET /bulk-actions/{id}/report":           "a file that is as long as the action",
		"GET /second-factor/app/remove":           "for who has an app",
		"GET /second-factor/recovery-codes":       "for who has a second factor",
		"GET /second-factor/passkeys/{id}/remove": "for who has a passkey",
		"GET /setup":                              "before there is an organisation",
		"GET /setup/link/{token}":                 "before there is an organisation",
		"GET /setup/policy":                       "while the set-up goes on",
		"GET /setup/people":                       "while the set-up goes on",
		"GET /setup/device":                       "while the set-up goes on",
		"GET /options/customers/{id}/delete":      "not for one's own",
		"GET /options/email-templates/{id}/reset": "for those that were not made here",
		"GET /change-details/pin-by-e-mail":       "is there where the settings allow it",
		"GET /new-password":                       "for who has a link",
		"GET /new-pin":                            "for who has a link",
	}
}

// pages are the addresses to measure: each page of the table once, and the lists
// with what narrows and sorts them.
func (s *site) pages() ([]*page, error) {
	routes, err := s.table()
	if err != nil {
		return nil, err
	}
	var pages []*page
	for _, route := range routes {
		method, pattern, _ := strings.Cut(route.Pattern, " ")
		if method != http.MethodGet || unmeasured()[route.Pattern] != "" || strings.HasPrefix(pattern, "/assets/") {
			continue
		}
		path, err := s.example(pattern)
		if err != nil {
			return nil, err
		}
		pages = append(pages, &page{name: pattern, method: method, path: path + queries()[pattern], within: pageWithin})
	}
	return s.chosen(append(pages, lists()...)), nil
}

// queries are what pages must be asked with.
func queries() map[string]string {
	return map[string]string{"/bulk-actions/new": "?action=generate-numbers"}
}

func (s *site) chosen(pages []*page) []*page {
	var chosen []*page
	for _, p := range pages {
		if strings.Contains(p.name, s.only) {
			chosen = append(chosen, p)
		}
	}
	return chosen
}

// example fills in what a pattern leaves open.
func (s *site) example(pattern string) (string, error) {
	path := strings.NewReplacer("{username}", someone, "{slot}", "primary").Replace(pattern)
	for below, id := range s.ids {
		if strings.HasPrefix(path, below) {
			path = strings.ReplaceAll(path, "{id}", id)
		}
	}
	if strings.Contains(path, "{") {
		return "", fmt.Errorf("there is no example for %s", pattern)
	}
	return path, nil
}

// lists are the users with everything that narrows and sorts them.
func lists() []*page {
	var pages []*page
	add := func(name, path string) {
		pages = append(pages, &page{name: name, method: http.MethodGet, path: path, within: pageWithin})
	}
	for _, filter := range account.UserFilters() {
		if filter != account.FilterAll {
			add("/users, filter "+string(filter), "/users?filter="+string(filter))
		}
	}
	for _, q := range []string{
		"filter=pin-expiring&q=family", "filter=pin-before-policy&q=nobodyhasthis", "filter=no-pin&order=-pin-expires", "filter=no-number&q=given",
		"order=name", "order=-created", "order=pin-expires", "order=pin-expires&q=example.org", "role=helpdesk&order=-name", "source=import&filter=never-signed-in",
	} {
		add("/users?"+q, "/users?"+q)
	}
	// What has a digit may be a card number, and is posted.
	for _, text := range []string{"user9999", "family1008", "0000000000", "9999"} {
		pages = append(pages, &page{
			name: "/users, search " + text, method: http.MethodPost, path: "/users", body: url.Values{"q": {text}}.Encode(), within: searchWithin,
		})
	}
	for _, text := range []string{"given", "example.org", "nobodyhasthis"} {
		pages = append(pages, &page{name: "/users, search " + text, method: http.MethodGet, path: "/users?q=" + text, within: searchWithin})
	}
	return pages
}
