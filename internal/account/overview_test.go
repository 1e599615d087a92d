package account_test

import (
	"reflect"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/credential"
)

// TestOverview counts an office in which everybody is a different case.
func TestOverview(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		if err := o.change(map[string]string{"customer.time-zone": `"Asia/Kathmandu"`, "pin.expiration-hours": "5"}); err != nil {
			t.Fatal(err)
		}
		zone, err := time.LoadLocation("Asia/Kathmandu")
		if err != nil {
			t.Fatal(err)
		}
		address := "a@example.org"
		o.create(o.console, "today", account.Fields{Email: &address, Credentials: credential.Change{PIN: cardinal.NewPIN("k7Qw29")}})
		if err := o.change(map[string]string{"pin.expiration-hours": "20"}); err != nil {
			t.Fatal(err)
		}
		o.create(o.console, "tomorrow", account.Fields{Email: &address, Credentials: credential.Change{PIN: cardinal.NewPIN("m4Rt81")}})
		if err := o.change(map[string]string{"pin.expiration-hours": "200"}); err != nil {
			t.Fatal(err)
		}
		o.create(o.console, "later", account.Fields{Credentials: credential.Change{PIN: cardinal.NewPIN("p9Zx35")}})
		o.person("boss", cardinal.RoleAdministrator)
		o.person("carl", cardinal.RoleAuditor)
		if _, _, err := o.service.CreateDevice(t.Context(), o.console, cardinal.Device{Name: "Lobby"}); err != nil {
			t.Fatal(err)
		}
		got, err := o.service.Overview(t.Context(), o.person("reader", cardinal.RoleAuditor))
		if err != nil {
			t.Fatal(err)
		}
		// 12:00 UTC is 17:45 in Kathmandu.
		now := o.Clock.Now().In(zone)
		if !got.Now.Equal(now) || !got.Tomorrow.Equal(now.Add(6*time.Hour+15*time.Minute)) {
			t.Errorf("it is %s, tomorrow is %s", got.Now, got.Tomorrow)
		}
		got.Now, got.Tomorrow = time.Time{}, time.Time{}
		want := account.Overview{Users: 6, Standing: got.Standing, WithoutAddress: 1, DueToday: 1, DueWeek: 2, Due: got.Due, Devices: 1, NeverSeen: 1, WithoutSecondFactor: 1}
		if got.Standing.Live != 3 || len(got.Due) != 2 {
			t.Errorf("%d PINs live, due are %v", got.Standing.Live, got.Due)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("counted %+v, want %+v", got, want)
		}
	})
	o := onSQLite(t)
	_, err := o.service.Overview(t.Context(), o.person("bert", cardinal.RoleUser))
	refused(t, err, cardinal.CodeForbidden)
}
