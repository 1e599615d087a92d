package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"cardinal"
)

// finished waits until an import is over.
func (c *client) finished(path string) map[string]any {
	c.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if run := c.do("GET", path, nil).want(200).object(); run["state"] != "running" {
			return run
		}
	}
	c.Fatal("the import does not end")
	return nil
}

func TestImports(t *testing.T) {
	i := install(t)
	c := i.as(cardinal.RoleHelpdesk)
	const file = "username,full name,pin\nanna,Anna Nová,739204\nbob,Bob,12\n"
	i.run("a rehearsal writes nothing", func(t *testing.T) {
		started := c.do("POST", "/api/v1/imports?dryRun=true", file).want(202)
		run := c.finished(started.header.Get("Location"))
		if run["state"] != "done" || run["dryRun"] != true || run["id"] != started.object()["id"] {
			t.Errorf("rehearsed: %v", run)
		}
		c.do("GET", "/api/v1/users/anna", nil).want(404)
	})
	i.run("an import", func(t *testing.T) {
		run := c.finished(c.do("POST", "/api/v1/imports", file).want(202).header.Get("Location"))
		totals := run["totals"].(map[string]any)
		lines := run["lines"].([]any)
		if run["state"] != "done" || totals["created"] != 1.0 || totals["refused"] != 1.0 || len(totals) != 4 || len(lines) != 2 {
			t.Fatalf("imported: %v", run)
		}
		second := lines[1].(map[string]any)
		reason := second["reasons"].([]any)[0].(map[string]any)
		if second["line"] != 3.0 || second["username"] != "bob" || second["result"] != "refused" || reason["code"] != "too_short" || reason["message"] == "" {
			t.Errorf("second line: %v", second)
		}
		if c.do("GET", "/api/v1/users/anna", nil).want(200).object()["hasPin"] != true {
			t.Error("anna has no PIN")
		}
	})
	i.run("list and cancel", func(t *testing.T) {
		page := c.do("GET", "/api/v1/imports?limit=1", nil).want(200).object()
		run := page["items"].([]any)[0].(map[string]any)
		if _, has := run["lines"]; has || run["dryRun"] != false || page["nextCursor"] == nil {
			t.Errorf("newest: %v", page)
		}
		c.do("POST", "/api/v1/imports/"+run["id"].(string)+"/cancel", nil).want(409)
		c.do("POST", "/api/v1/imports/nothing/cancel", nil).want(404)
		c.do("GET", "/api/v1/imports/nothing", nil).want(404)
	})
	i.run("refusals", func(*testing.T) {
		c.do("POST", "/api/v1/imports", "username,shoe size\nanna,44\n").want(422)
		c.do("POST", "/api/v1/imports?dryrun=true", file).want(422)
		c.do("POST", "/api/v1/imports?dryRun=yes", file).want(422)
		c.do("POST", "/api/v1/imports?conversion=nonsense", file).want(422)
		c.with("Content-Type", "multipart/form-data; boundary=x").do("POST", "/api/v1/imports", file).want(400)
	})
	i.run("larger than 1 MiB is fine, larger than 64 MiB is not", func(t *testing.T) {
		line := strings.Repeat("n", 1500)
		var large strings.Builder
		large.WriteString("username,notes\n")
		for n := range 800 {
			fmt.Fprintf(&large, "user%d,%s\n", n, line)
		}
		run := c.finished(c.do("POST", "/api/v1/imports?dryRun=true", large.String()).want(202).header.Get("Location"))
		if run["totals"].(map[string]any)["created"] != 800.0 {
			t.Errorf("totals: %v", run["totals"])
		}
		tooLarge := c.do("POST", "/api/v1/imports?dryRun=true", &endless{}).want(413)
		if tooLarge.object()["code"] != "invalid" {
			t.Errorf("too large: %s", tooLarge.text)
		}
	})
}

// endless is a file of people without an end.
type endless struct{ begun bool }

func (e *endless) Read(p []byte) (int, error) {
	if !e.begun {
		e.begun = true
		return copy(p, "username,notes\n"), nil
	}
	return copy(p, "anna,"+strings.Repeat("n", 300)+"\n"), nil
}

func TestExport(t *testing.T) {
	i := install(t)
	helpdesk := i.as(cardinal.RoleHelpdesk)
	helpdesk.do("POST", "/api/v1/users", `{"username":"anna","primaryCardNumber":"55501234","notes":"=1+1"}`).want(201)
	export := helpdesk.do("GET", "/api/v1/exports/users", nil).want(200)
	if export.header.Get("Content-Type") != "text/csv; charset=utf-8" || !strings.Contains(export.header.Get("Content-Disposition"), "users.csv") {
		t.Errorf("headers: %v", export.header)
	}
	if !strings.Contains(export.text, "55501234") || !strings.Contains(export.text, "'=1+1") {
		t.Errorf("exported: %s", export.text)
	}
	if masked := i.as(cardinal.RoleAuditor).do("GET", "/api/v1/exports/users", nil).want(200).text; strings.Contains(masked, "55501234") || !strings.Contains(masked, "1234") {
		t.Errorf("an auditor gets %s", masked)
	}
	i.run("an export that fails before its first byte is a problem", func(t *testing.T) {
		gone := func() error { return cardinal.Errorf(cardinal.CodeUnavailable, "The database is gone.") }
		i.fault.Store(&gone)
		defer i.fault.Store(nil)
		failed := helpdesk.do("GET", "/api/v1/exports/users", nil).want(503)
		checkProblem(t, failed, "unavailable")
		if name := failed.header.Get("Content-Disposition"); name != "" {
			t.Errorf("it is to be saved as %s", name)
		}
	})
	entries := i.as(cardinal.RoleAdministrator).do("GET", "/api/v1/audit-entries?subject=users", nil).want(200).object()["items"].([]any)
	if len(entries) != 2 {
		t.Errorf("%d entries", len(entries))
	}
}
