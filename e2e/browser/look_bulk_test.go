package browser

import (
	"cardinal"
	"cardinal/internal/bulk"
)

// bulkLooks are the pages about actions on many users, in the order in which
// the first of them fills the others.
func bulkLooks() []look {
	lastRun := func(s *stage) { s.Follow("tbody a") }
	return []look{
		{"bulk-none", adminName, "/bulk-actions", nil},
		{"bulk-ask", adminName, "/bulk-actions/new?action=issue-pins", nil},
		{"bulk-ask-expiry", adminName, "/bulk-actions/new?action=expire-pins", nil},
		{"bulk-ask-expiry-refused", adminName, "/bulk-actions/new?action=expire-pins", func(s *stage) {
			s.Follow("#bulk button[type=submit]")
		}},
		{"bulk-enable", adminName, "/bulk-actions/new?action=enable", nil},
		{"bulk-running", adminName, "/bulk-actions", func(s *stage) { s.bulkRun(bulk.IssuePINs, false); s.open("/bulk-actions"); lastRun(s) }},
		{"bulk-pins", adminName, "/bulk-actions", func(s *stage) { s.bulkRun(bulk.IssuePINs, true); s.open("/bulk-actions"); lastRun(s) }},
		{"bulk-refused", adminName, "/bulk-actions", func(s *stage) { s.bulkRun(bulk.Disable, true); s.open("/bulk-actions"); lastRun(s) }},
		{"bulk-list", adminName, "/bulk-actions", nil},
		{"bulk-auditor", "aurel", "/bulk-actions", lastRun},
	}
}

// bulkRun starts something and, where it is to be over, waits for that.
func (s *stage) bulkRun(kind bulk.Kind, over bool) {
	s.t.Helper()
	ada := s.view(adminName)
	caller := cardinal.Caller{Kind: cardinal.CallerUser, Customer: s.as.Customer, Role: ada.Role, User: ada.ID, Name: ada.Username}
	id, err := s.app.Bulk.NewID(s.t.Context())
	s.must(err)
	s.must(s.app.Bulk.Start(s.t.Context(), caller, id, bulk.Request{Kind: kind, Selection: bulk.Selection{Usernames: []string{"elodie", adminName}}}))
	if over {
		s.must(s.app.Bulk.Wait(s.t.Context()))
	}
}
