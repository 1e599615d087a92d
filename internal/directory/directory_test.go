package directory_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/auth"
	"cardinal/internal/credential"
	"cardinal/internal/directory"
	"cardinal/internal/directory/people"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

// office is a customer with everything that imports need.
type office struct {
	*directory.Service
	store    *store.Store
	accounts *account.Service
	door     *credential.Door
	customer cardinal.CustomerID
	admin    cardinal.Caller
	database *storetest.Database
	log      *bytes.Buffer
}

func newOffice(t *testing.T, d *storetest.Database) *office {
	t.Helper()
	o := &office{store: d.Open(t), database: d, log: &bytes.Buffer{}}
	log := slog.New(slog.NewJSONHandler(o.log, nil))
	o.customer = storetest.Customer(t, o.store, "Office").ID
	o.door = credential.New(o.store, d.Ring, rand.Reader, log)
	o.accounts = account.New(o.store, d.Ring, o.door, auth.NewPasswords(1), log)
	o.Service = directory.New(o.store, o.accounts, o.door, log)
	o.admin = cardinal.Caller{Kind: cardinal.CallerToken, Customer: o.customer, Role: cardinal.RoleAdministrator, Name: "test", RequestID: "r1"}
	t.Cleanup(func() {
		if err := o.Close(context.Background()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return o
}

func each(t *testing.T, story func(t *testing.T, o *office)) {
	t.Helper()
	storetest.EachDatabase(t, func(t *testing.T, d *storetest.Database) { story(t, newOffice(t, d)) })
}

// run imports a text and returns the outcome with all results by line.
func (o *office) run(t *testing.T, text string, options directory.Options) (directory.Import, []people.LineResult) {
	t.Helper()
	var lines []people.LineResult
	over, err := o.Run(t.Context(), o.admin, strings.NewReader(text), options, func(p directory.Progress) error {
		lines = append(lines, p.Lines...)
		return nil
	})
	if err != nil {
		t.Fatalf("import: %v", err)
	}
	slices.SortFunc(lines, func(x, y people.LineResult) int { return x.Line - y.Line })
	return over, lines
}

// background imports a text by Start and returns its whole report.
func (o *office) background(t *testing.T, text string, options directory.Options) people.Report {
	t.Helper()
	id, err := o.Start(t.Context(), o.admin, strings.NewReader(text), options)
	if err != nil {
		t.Fatalf("start: %v", err)
	}
	if err := o.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	report, err := o.Report(t.Context(), o.admin, id)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func (o *office) user(t *testing.T, username string) account.UserView {
	t.Helper()
	view, err := o.accounts.User(t.Context(), o.admin, username)
	if err != nil {
		t.Fatalf("user %s: %v", username, err)
	}
	return view
}

// audited are the actions on record, but for those about imports themselves.
func (o *office) audited(t *testing.T) []string {
	t.Helper()
	var actions []string
	for _, e := range storetest.Audit(t, o.store, o.customer) {
		if !strings.HasPrefix(e.Action, "import.") {
			actions = append(actions, e.Action+" "+e.Subject)
		}
	}
	return actions
}

// contents reads all rows of tables that say something about people, as text.
func (o *office) contents(t *testing.T) map[string][]string {
	t.Helper()
	driver, source := o.database.Driver()
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	found := map[string][]string{}
	for table, columns := range map[string]string{
		"users": "id, username, full_name, email, department, notes, role, disabled, password_hash, updated_at, revision",
		"pins":  "user_id, id, created_at", "pin_history": "user_id, pin_id", "card_numbers": "user_id, slot, number_end, created_at",
		"change_counts": "subject, used", "counters": "subject, wrong", "audit_heads": "number", "audit_entries": "number",
	} {
		rows, err := db.Query("SELECT " + columns + " FROM " + table + " ORDER BY 1, 2")
		if strings.Count(columns, ",") == 0 {
			rows, err = db.Query("SELECT " + columns + " FROM " + table + " ORDER BY 1")
		}
		if err != nil {
			t.Fatal(err)
		}
		found[table] = scan(t, rows, strings.Count(columns, ",")+1)
	}
	return found
}

func scan(t *testing.T, rows *sql.Rows, columns int) []string {
	t.Helper()
	defer rows.Close()
	var lines []string
	for rows.Next() {
		cells := make([]sql.NullString, columns)
		into := make([]any, columns)
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		var line strings.Builder
		for _, cell := range cells {
			line.WriteString(cell.String + "|")
		}
		lines = append(lines, line.String())
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}

func sample(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("people/testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func accountQuery() account.UserQuery { return account.UserQuery{Limit: 500} }
