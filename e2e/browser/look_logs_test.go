package browser

import (
	"os"
	"path/filepath"
	"strings"
)

// logsLooks are the pages of the logs.
func logsLooks() []look {
	log := func(s *stage) { s.writeLog(); s.open("/logs/application") }
	return []look{
		{"logs-sign-ins", adminName, "/logs/sign-ins", nil},
		{"logs-sign-ins-filtered", adminName, "/logs/sign-ins?outcome=refused&range=today", nil},
		{"logs-sign-ins-number", adminName, "/logs/sign-ins", func(s *stage) { s.Type("#filter-number", "0000"); s.Enter() }},
		{"logs-sign-ins-refused", adminName, "/logs/sign-ins?from=yesterday", nil},
		{"logs-sign-ins-helpdesk", "helga", "/logs/sign-ins", nil},
		{"logs-audit", adminName, "/logs/audit", nil},
		{"logs-audit-nothing", adminName, "/logs/audit?actor=nobody", nil},
		{"logs-application", adminName, "/logs/application", log},
		{"logs-application-live", adminName, "/logs/application?live=1", nil},
		{"logs-application-own", "aurel", "/logs/application", nil},
	}
}

// writeLog leaves a log file as a server would, with a few lines that no server would.
func (s *stage) writeLog() {
	s.t.Helper()
	lines := []string{
		`{"time":"2026-05-12T09:40:01.123Z","level":"INFO","msg":"serving","address":"127.0.0.1:8420"}`,
		`{"time":"2026-05-12T09:40:33.456Z","level":"WARN","msg":"PIN refused","requestId":"06bkq4m7n2r8t9v1w3x5y7z0ab","customer":"Acme Corporation","customerId":"` +
			string(s.as.Customer) + `","username":"bruno","caller":"token provisioning","violations":["pin.sequential","pin.too-short"]}`,
		`{"time":"2026-05-12T09:40:59.789Z","level":"ERROR","msg":"request failed","requestId":"06bkq4m7n2r8t9v1w3x5y7z0ac","route":"/api/v1/users","error":"store: ` + strings.Repeat("a long story ", 30) + `"}`,
		"panic: \x1b[31m<script>alert(1)</script>",
		`{"time":"2026-05-12T09:41:00Z","level":"INFO","msg":"stopped"}`,
	}
	dir := filepath.Join(s.data, "log")
	s.must(os.MkdirAll(dir, 0o700))
	s.must(os.WriteFile(filepath.Join(dir, "cardinal.log"), []byte(strings.Join(lines, "\n")+"\n"), 0o600))
}
