package browser

import "net/http"

// importLooks are the pages of files of people, and a user's history.
func importLooks() []look {
	tried := func(s *stage) {
		s.upload(s.file("staff.csv", staff))
		s.settle()
	}
	return []look{
		{"import", adminName, "/import-users", nil},
		{"import-refused", adminName, "/import-users", func(s *stage) { s.upload(s.file("fax.csv", "username,fax\nanna,1\n")) }},
		{"import-auditor", "aurel", "/import-users", nil},
		{"import-tried", adminName, "/import-users", tried},
		{"import-line-refused", adminName, "/import-users", func(s *stage) {
			tried(s)
			if status := s.Follow("a[href$='?result=refused']"); status != http.StatusOK {
				s.t.Errorf("the filter is answered with %d", status)
			}
		}},
		{"import-nothing", adminName, "/import-users", func(s *stage) {
			s.upload(s.file("empty.csv", "username\n"))
			s.settle()
		}},
		{"export", adminName, "/export-users", nil},
		{"export-auditor", "aurel", "/export-users", nil},
		{"user-audit", adminName, "/users/bruno/audit", nil},
		{"user-audit-auditor", "aurel", "/users/dmitri/audit", nil},
	}
}
