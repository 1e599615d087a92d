package account_test

import (
	"fmt"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/setting"
	"cardinal/internal/storetest"
)

// change asks for settings; a value of "" returns to the default.
func (o *office) change(values map[string]string) error {
	o.t.Helper()
	change := account.SettingChange{Values: map[string]*string{}}
	for key, value := range values {
		change.Values[key] = nil
		if value != "" {
			change.Values[key] = &value
		}
	}
	return o.service.ChangeSettings(o.t.Context(), o.console, change)
}

func (o *office) setting(key string) account.SettingView {
	o.t.Helper()
	view, err := o.service.Setting(o.t.Context(), o.console, key)
	if err != nil {
		o.t.Fatal(err)
	}
	return view
}

func TestTheLifeOfASetting(t *testing.T) {
	const key = "pin.min-length"
	everywhere(t, func(t *testing.T, o *office) {
		fresh := o.setting(key)
		if fresh.Value != "4" || fresh.Modified || !fresh.UpdatedAt.IsZero() || fresh.Key != key {
			t.Errorf("untouched is %+v", fresh)
		}
		stamps := map[string]bool{fresh.Stamp: true}
		for i, value := range []string{" 6 ", "4", "5"} {
			o.Clock.Add(time.Minute)
			if err := o.change(map[string]string{key: value}); err != nil {
				t.Fatal(err)
			}
			now := o.setting(key)
			if now.Value != []string{"6", "4", "5"}[i] || !now.Modified || !now.UpdatedAt.Equal(o.Clock.Now()) || stamps[now.Stamp] {
				t.Errorf("set to %s it is %+v", value, now)
			}
			stamps[now.Stamp] = true
		}
		before := o.setting(key)
		o.Clock.Add(time.Minute)
		if err := o.change(map[string]string{key: "5"}); err != nil || o.setting(key).Stamp != before.Stamp {
			t.Errorf("the same again changes the stamp, or %v", err)
		}
		if err := o.change(map[string]string{key: ""}); err != nil || fmt.Sprint(o.setting(key)) != fmt.Sprint(fresh) {
			t.Errorf("reset it is %+v, %v", o.setting(key), err)
		}
		if err := o.change(map[string]string{key: ""}); err != nil {
			t.Error(err)
		}
		o.audited(0,
			written{"console", "setting.changed", "setting " + key, `{"value":4}`, `{"value":6}`},
			written{"console", "setting.changed", "setting " + key, `{"value":6}`, `{"value":4}`},
			written{"console", "setting.changed", "setting " + key, `{"value":4}`, `{"value":5}`},
			written{"console", "setting.changed", "setting " + key, `{"value":5}`, `{"value":4}`},
		)
		views, err := o.service.Settings(t.Context(), o.console, "MIN-LENGTH")
		if err != nil || len(views) != 1 || views[0].Key != key {
			t.Errorf("found are %+v, %v", views, err)
		}
		if _, err := o.service.Setting(t.Context(), o.console, "pin.min"); cardinal.CodeOf(err) != cardinal.CodeNotFound {
			t.Errorf("an unknown setting: %v", err)
		}
	})
}

func TestSettingsThatCannotBe(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		if err := o.change(map[string]string{"pin.min-length": "5"}); err != nil {
			t.Fatal(err)
		}
		entries := len(o.audit(0))
		for name, c := range map[string]struct {
			values map[string]string
			code   cardinal.Code
			want   []string
		}{
			"unknown":        {map[string]string{"pin.min-length": "6", "pin.colour": "1"}, cardinal.CodeNotFound, nil},
			"below":          {map[string]string{"pin.min-length": "3"}, cardinal.CodeInvalid, []string{"pin.min-length invalid"}},
			"no number":      {map[string]string{"pin.min-length": `"6"`}, cardinal.CodeInvalid, []string{"pin.min-length invalid"}},
			"no JSON":        {map[string]string{"pin.min-length": `6 6`}, cardinal.CodeInvalid, []string{"pin.min-length invalid"}},
			"two, one right": {map[string]string{"pin.history": "25", "pin.max-length": "65", "pin.min-length": "6"}, cardinal.CodeInvalid, []string{"pin.history invalid", "pin.max-length invalid"}},
			"crossed":        {map[string]string{"pin.min-length": "10", "pin.max-length": "8"}, cardinal.CodeInvalid, []string{"pin.max-length invalid"}},
			"crosses what is set": {map[string]string{"pin.max-length": "4", "pin.generated-length": "4"}, cardinal.CodeInvalid,
				[]string{"pin.max-length invalid"}},
			"crosses a default":  {map[string]string{"pin.max-length": "5"}, cardinal.CodeInvalid, []string{"pin.generated-length invalid"}},
			"no name":            {map[string]string{"customer.name": ""}, cardinal.CodeInvalid, []string{"customer.name invalid"}},
			"empty name":         {map[string]string{"customer.name": `""`, "pin.min-length": "6"}, cardinal.CodeInvalid, []string{"customer.name invalid"}},
			"name with a zero":   {map[string]string{"customer.name": `"a\u0000b"`}, cardinal.CodeInvalid, []string{"customer.name invalid"}},
			"locks without end":  {map[string]string{"signin.user.limits": `[{"wrong":5,"lockSeconds":0},{"wrong":9,"lockSeconds":1}]`}, cardinal.CodeInvalid, []string{"signin.user.limits invalid"}},
			"no such conversion": {map[string]string{"card-number.conversion": `"upside-down"`}, cardinal.CodeInvalid, []string{"card-number.conversion invalid"}},
		} {
			t.Run(name, func(t *testing.T) {
				before := fmt.Sprint(o.setting("pin.min-length"), o.setting("customer.name"))
				err := o.change(c.values)
				refused(t, err, c.code, c.want...)
				if after := fmt.Sprint(o.setting("pin.min-length"), o.setting("customer.name")); after != before {
					t.Errorf("before %s, after %s", before, after)
				}
			})
		}
		o.audited(entries)
		// Together they fit, whatever the order.
		if err := o.change(map[string]string{"pin.max-length": "5", "pin.generated-length": "5"}); err != nil {
			t.Error(err)
		}
	})
}

// Who saw an older state does not overwrite what somebody else saved.
func TestStaleSettings(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		save := func(key, value, seen string) error {
			return o.service.ChangeSettings(t.Context(), o.console, account.SettingChange{
				Values: map[string]*string{key: &value}, Seen: map[string]string{key: seen},
			})
		}
		const key = "pin.history"
		seen := []string{o.setting(key).Stamp}
		for _, value := range []string{"2", "3"} {
			if err := save(key, value, seen[len(seen)-1]); err != nil {
				t.Fatal(err)
			}
			seen = append(seen, o.setting(key).Stamp)
		}
		refused(t, save(key, "9", seen[0]), cardinal.CodeStale)
		refused(t, save(key, "9", seen[1]), cardinal.CodeStale)
		o.Clock.Add(time.Minute)
		if err := o.change(map[string]string{key: ""}); err != nil {
			t.Fatal(err)
		}
		refused(t, save(key, "9", seen[2]), cardinal.CodeStale)
		if err := save(key, "2", seen[0]); err != nil { // it is as it was first seen
			t.Fatal(err)
		}
		refused(t, save(key, "9", seen[1]), cardinal.CodeStale) // the same value, but set anew
		// Somebody else's change of another setting is no reason.
		if err := o.change(map[string]string{"pin.min-length": "6"}); err != nil {
			t.Fatal(err)
		}
		if err := save(key, "5", o.setting(key).Stamp); err != nil {
			t.Error(err)
		}
		if value := o.setting(key).Value; value != "5" {
			t.Errorf("it is %s", value)
		}
	})
}

func TestTwoChangeSettingsAtOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		nodes := []*account.Service{o.service, o.node(o.Open(t))}
		seen := o.setting("pin.history").Stamp
		answers := make(chan error, 6)
		for i := range cap(answers) {
			go func() {
				answers <- nodes[i%2].ChangeSettings(t.Context(), o.console, account.SettingChange{
					Values: map[string]*string{"pin.history": new(fmt.Sprint(i + 2))}, Seen: map[string]string{"pin.history": seen},
				})
			}()
		}
		saved := 0
		for range cap(answers) {
			switch err := <-answers; cardinal.CodeOf(err) {
			case "":
				saved++
			case cardinal.CodeStale:
			default:
				t.Error(err)
			}
		}
		if saved != 1 {
			t.Errorf("%d saved", saved)
		}
	})
}

// Two settings that must fit together, changed at once by two: they fit.
func TestTwoSettingsThatMustFit(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		if err := o.change(map[string]string{"pin.generated-length": "4"}); err != nil {
			t.Fatal(err)
		}
		nodes := []*account.Service{o.service, o.node(o.Open(t))}
		answers := make(chan error, 2)
		for i, values := range []map[string]*string{{"pin.min-length": new("12")}, {"pin.max-length": new("8")}} {
			go func() {
				answers <- nodes[i].ChangeSettings(t.Context(), o.console, account.SettingChange{Values: values})
			}()
		}
		one, two := <-answers, <-answers
		if (one == nil) == (two == nil) {
			t.Errorf("answered %v and %v", one, two)
		}
	})
}

func TestRenamingTheOrganisation(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		other := storetest.Customer(t, o.store, "Brno Büro").ID
		refused(t, o.change(map[string]string{"customer.name": `"BRNO BÜRO"`, "pin.history": "3"}), cardinal.CodeConflict, "name taken")
		if o.setting("customer.name").Value != `"Pilsen Print"` || o.setting("pin.history").Modified {
			t.Error("a refusal changed something")
		}
		if err := o.change(map[string]string{"customer.name": `"PILSEN Print"`}); err != nil { // its own name
			t.Fatal(err)
		}
		if err := o.change(map[string]string{"customer.name": `"Plzeň"`}); err != nil {
			t.Fatal(err)
		}
		if found, err := o.service.CustomerNamed(t.Context(), "PLZEŇ"); err != nil || found.ID != o.customer || found.Name != "Plzeň" {
			t.Errorf("found is %+v, %v", found, err)
		}
		if _, err := o.service.CustomerNamed(t.Context(), "Pilsen Print"); cardinal.CodeOf(err) != cardinal.CodeNotFound {
			t.Errorf("the old name: %v", err)
		}
		values, err := o.service.Values(t.Context(), o.console)
		if err != nil || setting.CustomerName.In(values) != "Plzeň" {
			t.Errorf("the setting is %s, %v", setting.CustomerName.In(values), err)
		}
		if err := o.service.ChangeSettings(t.Context(), cardinal.Console(other), account.SettingChange{Values: map[string]*string{"customer.name": new(`"Pilsen Print"`)}}); err != nil {
			t.Errorf("a name that is free again: %v", err)
		}
		o.audited(0,
			written{"console", "setting.changed", "setting customer.name", `{"value":"Pilsen Print"}`, `{"value":"PILSEN Print"}`},
			written{"console", "setting.changed", "setting customer.name", `{"value":"PILSEN Print"}`, `{"value":"Plzeň"}`},
		)
	})
}
