package cardinal_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"cardinal"
)

func TestCheckUsername(t *testing.T) {
	good := []string{"anna", "ANNA", "zoë", "Νίκος", "山田", "o'brien", `ACME\anna`, "anna@example.org", "a.b-c_d+e$", "anna maria", "1", strings.Repeat("é", 128)}
	bad := []string{"", ".", "..", " anna", "anna ", "anna  maria", "a\tb", "a\nb", "<script>", "a;b", "a/b", "a(b)", `a"b`, "a\x00b", strings.Repeat("a", 129)}
	for _, name := range good {
		if err := cardinal.CheckUsername(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range bad {
		if err := cardinal.CheckUsername(name); cardinal.CodeOf(err) != cardinal.CodeInvalid || cardinal.ViolationsOf(err)[0].Field != "username" {
			t.Errorf("%q is allowed: %v", name, err)
		}
	}
}

func TestCheckEmail(t *testing.T) {
	for _, address := range []string{"", "anna@example.org", "anna+x@example.org", "zoë@example.org"} {
		if err := cardinal.CheckEmail(address); err != nil {
			t.Errorf("%q: %v", address, err)
		}
	}
	for _, address := range []string{"anna", "anna@", "Anna <anna@example.org>", "a@example.org, b@example.org", "a@example.org\r\nBcc: b@example.org", " anna@example.org", strings.Repeat("a", 250) + "@example.org"} {
		if cardinal.CheckEmail(address) == nil {
			t.Errorf("%q is allowed", address)
		}
	}
}

func TestPINLives(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	if (cardinal.PINState{}).Live(now) {
		t.Error("no PIN lives")
	}
	p := cardinal.PINState{ID: "p", ExpiresAt: now}
	if p.Live(now) || !p.Live(now.Add(-1)) {
		t.Error("a PIN lives until its instant, and not at it")
	}
	if p.ExpiresAt = (time.Time{}); !p.Live(now.AddDate(100, 0, 0)) {
		t.Error("a PIN without expiry ends")
	}
}

// TestRoles says for each permission who has it, so that a change of the table
// is a change of this test.
func TestRoles(t *testing.T) {
	holders := map[cardinal.Permission]string{
		cardinal.PermNone:             "user auditor provisioner helpdesk administrator operator",
		cardinal.PermOwnDetails:       "user auditor helpdesk administrator operator",
		cardinal.PermCheckPolicy:      "user auditor provisioner helpdesk administrator operator",
		cardinal.PermReadUsers:        "auditor provisioner helpdesk administrator operator",
		cardinal.PermReadNumbers:      "provisioner helpdesk administrator operator",
		cardinal.PermWriteUsers:       "provisioner helpdesk administrator operator",
		cardinal.PermWriteCredentials: "provisioner helpdesk administrator operator",
		cardinal.PermUnlock:           "helpdesk administrator operator",
		cardinal.PermReadSignIns:      "auditor helpdesk administrator operator",
		cardinal.PermReadLogs:         "auditor administrator operator",
		cardinal.PermReadOptions:      "auditor administrator operator",
		cardinal.PermWriteOptions:     "administrator operator",
		cardinal.PermGrantRoles:       "administrator operator",
		cardinal.PermCustomers:        "operator",
		cardinal.PermSignInAtDevice:   "",
	}
	for permission, want := range holders {
		var have []string
		for _, role := range cardinal.Roles() {
			if role.May(permission) {
				have = append(have, string(role))
			}
		}
		if got := strings.Join(have, " "); got != want {
			t.Errorf("%s: %s; want %s", permission, got, want)
		}
	}
	if cardinal.RoleHelpdesk.Outranks(cardinal.RoleHelpdesk) || !cardinal.RoleOperator.Outranks(cardinal.RoleAdministrator) || cardinal.Role("root").Valid() {
		t.Error("the order of the roles is wrong")
	}
}

func TestRequire(t *testing.T) {
	device := cardinal.Caller{Kind: cardinal.CallerDevice, Role: cardinal.RoleOperator}
	if device.Require(cardinal.PermReadUsers) == nil || device.Require(cardinal.PermSignInAtDevice) != nil {
		t.Error("a device may do more or less than sign users in")
	}
	if err := (cardinal.Caller{}).Require(cardinal.PermOwnDetails); cardinal.CodeOf(err) != cardinal.CodeUnauthenticated {
		t.Errorf("nobody gets %v", err)
	}
	user := cardinal.Caller{Kind: cardinal.CallerUser, Role: cardinal.RoleUser, Name: "anna"}
	if err := user.Require(cardinal.PermReadUsers); cardinal.CodeOf(err) != cardinal.CodeForbidden || user.Actor() != "user anna" {
		t.Errorf("a user gets %v as %q", err, user.Actor())
	}
	if cardinal.Console("c").Actor() != "console" {
		t.Error("the console is not called so")
	}
}

func TestErrors(t *testing.T) {
	cause := errors.New("disk on fire")
	err := fmt.Errorf("outside: %w", cardinal.Errorf(cardinal.CodeNotFound, "There is no such %s.", "user").Because(cause))
	if !errors.Is(err, cardinal.ErrNotFound) || errors.Is(err, cardinal.ErrConflict) || !errors.Is(err, cause) {
		t.Errorf("%v is asked for wrongly", err)
	}
	if cardinal.CodeOf(errors.New("x")) != cardinal.CodeInternal || cardinal.CodeOf(nil) != "" {
		t.Error("what is no Error is not internal")
	}
}
