package bulk

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/audit"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

func TestEveryKind(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		o.people(t, 3)
		disabled := true
		o.change(t, "u00002", account.Fields{Disabled: &disabled})
		if _, err := o.door.GenerateNumber(t.Context(), o.admin, "u00003", cardinal.Primary); err != nil {
			t.Fatal(err)
		}
		number := o.view(t, "u00003").Number(cardinal.Primary)
		expires := o.store.Now().Add(48 * time.Hour)
		for _, step := range []struct {
			kind    Kind
			want    string
			action  string
			entries int
			holds   func(account.UserView) bool
		}{
			{GenerateNumbers, "u00001:done u00002:done u00003:unchanged", "card-number.changed", 3,
				func(v account.UserView) bool { return len(v.Number(cardinal.Primary)) == 8 }},
			{RequireNewPINs, "u00001:unchanged u00002:unchanged u00003:unchanged", "pin.new-required", 0,
				func(v account.UserView) bool { return !v.HasPIN() }},
			{IssuePINs, "u00001:done u00002:done u00003:done", "pin.set", 3,
				func(v account.UserView) bool { return v.HasPIN() && v.PIN.Generated }},
			{RequireNewPINs, "u00001:done u00002:done u00003:done", "pin.new-required", 3,
				func(v account.UserView) bool { return v.PIN.NewRequired }},
			{RequireNewPINs, "u00001:unchanged u00002:unchanged u00003:unchanged", "pin.new-required", 3,
				func(v account.UserView) bool { return v.PIN.NewRequired }},
			{ExpirePINs, "u00001:done u00002:done u00003:done", "pin.expiry-set", 3,
				func(v account.UserView) bool { return v.PIN.ExpiresAt.Equal(expires) }},
			{ExpirePINs, "u00001:unchanged u00002:unchanged u00003:unchanged", "pin.expiry-set", 3,
				func(v account.UserView) bool { return v.PIN.ExpiresAt.Equal(expires) }},
			{Disable, "u00001:done u00002:unchanged u00003:done", "user.updated", 3,
				func(v account.UserView) bool { return v.Disabled }},
			{Enable, "u00001:done u00002:done u00003:done", "user.updated", 6,
				func(v account.UserView) bool { return !v.Disabled }},
			{RemovePINs, "u00001:done u00002:done u00003:done", "pin.removed", 3,
				func(v account.UserView) bool { return !v.HasPIN() }},
		} {
			run := o.run(t, o.admin, Request{Kind: step.kind, Selection: everybody(), Expires: expires, Confirmed: 3})
			if got := o.outcomes(t, run.ID); got != step.want || run.State != Done || run.Position() != 3 || run.Total != 3 {
				t.Errorf("%s: %s, %+v; want %s", step.kind, got, run, step.want)
			}
			if got := o.audited(t, step.action); got != step.entries {
				t.Errorf("%s: %d entries %s, want %d", step.kind, got, step.action, step.entries)
			}
			for _, name := range []string{"u00001", "u00002", "u00003"} {
				if view := o.view(t, name); !step.holds(view) {
					t.Errorf("%s: %s is %+v", step.kind, name, view)
				}
			}
		}
		if got := o.view(t, "u00003").Number(cardinal.Primary); got != number {
			t.Error("a number that was there has been replaced")
		}
		findings, err := audit.NewChain(o.database.Ring).Verify(t.Context(), o.store)
		if err != nil || findings[0].Broken != 0 || o.audited(t, "bulk.started") != 10 || o.audited(t, "bulk.finished") != 10 {
			t.Errorf("audit: %+v, %v", findings, err)
		}
	})
}

func (o *office) change(t *testing.T, username string, f account.Fields) {
	t.Helper()
	if _, err := o.accounts.UpdateUser(t.Context(), o.admin, username, 0, f); err != nil {
		t.Fatal(err)
	}
}

func TestAnEarlierExpiryStays(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		o.people(t, 2)
		now := o.store.Now()
		o.run(t, o.admin, Request{Kind: IssuePINs, Selection: everybody()})
		o.run(t, o.admin, Request{Kind: ExpirePINs, Selection: named("u00001"), Expires: now.Add(time.Hour)})
		run := o.run(t, o.admin, Request{Kind: ExpirePINs, Selection: everybody(), Expires: now.Add(2 * time.Hour)})
		if got := o.outcomes(t, run.ID); got != "u00001:unchanged u00002:done" {
			t.Error(got)
		}
		if got := o.view(t, "u00001").PIN.ExpiresAt; !got.Equal(now.Add(time.Hour)) {
			t.Errorf("the earlier expiry is now %s", got)
		}
		id, _ := o.NewID(t.Context())
		wantCode(t, "an instant that has passed", o.Start(t.Context(), o.admin, id, Request{Kind: ExpirePINs, Selection: everybody(), Expires: now}), cardinal.CodeInvalid)
	})
}

func TestNobodyDisablesThemselvesOrWhoOutranksThem(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		helpdesk := o.person(t, o.admin.Customer, "helga", cardinal.RoleHelpdesk)
		o.person(t, o.admin.Customer, "zoe", cardinal.RoleUser)
		r := Request{Kind: Disable, Selection: named("zoe", "ADA", "helga", "ada", "nobody")}
		plan, err := o.Plan(t.Context(), helpdesk, r)
		if err != nil || plan != (Plan{Users: 3, Missing: 1, Refused: 2}) || plan.Act() != 1 {
			t.Errorf("plan %+v, %v", plan, err)
		}
		run := o.run(t, helpdesk, r)
		if got := o.outcomes(t, run.ID); got != "ada:refused(forbidden) helga:refused(forbidden) zoe:done" {
			t.Error(got)
		}
		r.Kind = IssuePINs // signs in at devices alone
		if run := o.run(t, helpdesk, r); run.Done != 3 {
			t.Errorf("PINs: %s", o.outcomes(t, run.ID))
		}
		operator := o.person(t, o.admin.Customer, "olga", cardinal.RoleOperator)
		o.run(t, operator, Request{Kind: Disable, Selection: named("ada")})
		last := o.run(t, cardinal.Console(o.admin.Customer), Request{Kind: Disable, Selection: named("olga")})
		if got := o.outcomes(t, last.ID); got != "olga:refused(invalid)" {
			t.Errorf("the last administrator: %s", got)
		}
	})
}

func TestPlan(t *testing.T) {
	o := newOffice(t, storetest.New(t, storetest.SQLite))
	o.people(t, exactMost)
	o.run(t, o.admin, Request{Kind: IssuePINs, Selection: named("u00001", "u00002")})
	o.run(t, o.admin, Request{Kind: RequireNewPINs, Selection: named("u00002")})
	o.run(t, o.admin, Request{Kind: GenerateNumbers, Selection: named("u00001", "u00002", "u00003")})
	o.run(t, o.admin, Request{Kind: Disable, Selection: named("u00004")})
	check := func(kind Kind, want Plan) {
		t.Helper()
		if got, err := o.Plan(t.Context(), o.admin, Request{Kind: kind, Selection: everybody()}); err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", kind, got, err, want)
		}
	}
	check(GenerateNumbers, Plan{Users: 200, Unchanged: 3})
	check(IssuePINs, Plan{Users: 200})
	check(RequireNewPINs, Plan{Users: 200, Unchanged: 199})
	check(ExpirePINs, Plan{Users: 200, Unchanged: 198})
	check(RemovePINs, Plan{Users: 200, Unchanged: 198})
	check(Disable, Plan{Users: 200, Unchanged: 1})
	check(Enable, Plan{Users: 200, Unchanged: 199})
	o.people2(t)
	check(RemovePINs, Plan{Users: 201, Rough: true})
	check(Disable, Plan{Users: 201, Rough: true})
}

func TestWhoMay(t *testing.T) {
	o := newOffice(t, storetest.New(t, storetest.SQLite))
	o.people(t, 1)
	started := o.run(t, o.admin, Request{Kind: IssuePINs, Selection: everybody()})
	for _, role := range cardinal.Roles() {
		caller := o.admin
		caller.Role = role
		for _, kind := range append(Kinds(), "dance") {
			id, _ := o.NewID(t.Context())
			r := Request{Kind: kind, Selection: named("nobody")}
			_, planErr := o.Plan(t.Context(), caller, r)
			startErr := o.Start(t.Context(), caller, id, r)
			if kind == "dance" {
				wantCode(t, "start of no kind", startErr, cardinal.CodeInvalid)
				continue
			}
			for what, err := range map[string]error{"plan": planErr, "start": startErr} {
				if refused := cardinal.CodeOf(err) == cardinal.CodeForbidden; refused == caller.May(kind.Permission()) {
					t.Errorf("%s of %s by %s: %v", what, kind, role, err)
				}
			}
		}
		_, runErr := o.Run(t.Context(), caller, started.ID)
		_, runsErr := o.Runs(t.Context(), caller, "", 10)
		_, linesErr := o.Lines(t.Context(), caller, started.ID, "", 0, 10)
		exportErr := o.Export(t.Context(), caller, started.ID, func(Line) error { return nil })
		for what, err := range map[string]error{"run": runErr, "runs": runsErr, "lines": linesErr, "export": exportErr} {
			if refused := err != nil; refused == caller.May(cardinal.PermReadUsers) {
				t.Errorf("%s by %s: %v", what, role, err)
			}
		}
		want := cardinal.CodeForbidden
		if caller.May(cardinal.PermWriteCredentials) {
			want = cardinal.CodeConflict // it is over
		}
		wantCode(t, "cancel by "+string(role), o.Cancel(t.Context(), caller, started.ID), want)
	}
	stranger := o.admin
	stranger.Customer = storetest.Customer(t, o.store, "Elsewhere").ID
	_, runErr := o.Run(t.Context(), stranger, started.ID)
	_, linesErr := o.Lines(t.Context(), stranger, started.ID, "", 0, 10)
	_, pinsErr := o.FetchPINs(t.Context(), stranger, started.ID)
	for what, err := range map[string]error{
		"run": runErr, "lines": linesErr, "cancel": o.Cancel(t.Context(), stranger, started.ID), "PINs": pinsErr,
		"export": o.Export(t.Context(), stranger, started.ID, func(Line) error { return nil }),
	} {
		wantCode(t, what+" of another customer", err, cardinal.CodeNotFound)
	}
	if runs, err := o.Runs(t.Context(), stranger, "", 10); err != nil || len(runs) != 0 {
		t.Errorf("another customer sees %d runs, %v", len(runs), err)
	}
}

// TestKilledInTheMiddle stops a run after a batch, without any farewell.
func TestKilledInTheMiddle(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		names := o.people(t, 1100)
		id := o.put(t, Request{Kind: IssuePINs, Selection: everybody()})
		o.worker(t, id).mustStep(t, Running)
		before := o.see(t, o.admin, id)
		if before.Done != 500 || before.Total != 1100 || before.Waiting {
			t.Fatalf("after one batch: %+v", before)
		}
		o.node(t)
		resume := func() Run {
			t.Helper()
			if err := errors.Join(o.Resume(t.Context()), o.Wait(t.Context())); err != nil {
				t.Fatal(err)
			}
			return o.see(t, o.admin, id)
		}
		o.database.Clock.Add(lease - time.Millisecond)
		if run := resume(); run.Done != 500 {
			t.Errorf("the run was taken from a node that may be alive: %+v", run)
		}
		o.database.Clock.Add(time.Millisecond)
		if run := o.see(t, o.admin, id); !run.Waiting {
			t.Error("nobody is told that the run waits")
		}
		if run := resume(); run.State != Done || run.Done != 1100 || !run.EndedAt.Equal(o.store.Now()) {
			t.Errorf("resumed: %+v", run)
		}
		if got := o.audited(t, "pin.set"); got != 1100 {
			t.Errorf("%d PINs were set", got)
		}
		if got := o.outcomes(t, id); got != strings.Join(names, ":done ")+":done" {
			t.Errorf("outcomes: %.200s", got)
		}
		if pins, err := o.FetchPINs(t.Context(), o.admin, id); err != nil || len(pins) != 1100 {
			t.Errorf("%d PINs, %v", len(pins), err)
		}
	})
}

// TestStoppedWithFarewell closes the service: the next one need not wait.
func TestStoppedWithFarewell(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		o.people(t, 1200)
		id, _ := o.NewID(t.Context())
		if err := o.Start(t.Context(), o.admin, id, Request{Kind: GenerateNumbers, Selection: everybody()}); err != nil {
			t.Fatal(err)
		}
		if err := o.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if run := o.see(t, o.admin, id); run.State != Running || !run.Waiting || run.Done == 1200 {
			t.Errorf("closed: %+v", run)
		}
		o.node(t)
		if err := errors.Join(o.Resume(t.Context()), o.Wait(t.Context())); err != nil {
			t.Fatal(err)
		}
		if run := o.see(t, o.admin, id); run.State != Done || run.Done != 1200 || o.audited(t, "card-number.changed") != 1200 {
			t.Errorf("resumed: %+v", run)
		}
	})
}

func TestTwoNodes(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		o.people(t, 1100)
		id := o.put(t, Request{Kind: IssuePINs, Selection: everybody()})
		first := o.worker(t, id)
		o.node(t)
		second := &worker{Service: o.Service, customer: o.admin.Customer, id: id}
		refused := func() {
			t.Helper()
			if claimed, err := second.claim(t.Context()); err != nil || claimed {
				t.Fatalf("a second node claims the run: %v, %v", claimed, err)
			}
		}
		refused()
		o.database.Clock.Add(lease - time.Millisecond)
		first.mustStep(t, Running)
		o.database.Clock.Add(lease - time.Millisecond) // each batch renews it
		refused()
		o.database.Clock.Add(lease)
		second = o.worker(t, id)
		if _, err := first.step(t.Context()); !errors.Is(err, errLost) {
			t.Errorf("the node that was silent goes on: %v", err)
		}
		second.mustStep(t, Running)
		second.mustStep(t, Done)
		if _, err := first.step(t.Context()); !errors.Is(err, errLost) {
			t.Errorf("a run that is over: %v", err)
		}
		if got := o.audited(t, "pin.set"); got != 1100 {
			t.Errorf("%d PINs were set", got)
		}
	})
}

// TestManyNodesAtOnce has four nodes look for work at the same time.
func TestManyNodesAtOnce(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		o.people(t, 600)
		ids := []cardinal.BulkID{}
		for range 3 {
			ids = append(ids, o.put(t, Request{Kind: IssuePINs, Selection: everybody()}))
		}
		nodes := []*Service{o.Service}
		for range 3 {
			o.node(t)
			nodes = append(nodes, o.Service)
		}
		var all sync.WaitGroup
		for _, node := range nodes {
			all.Go(func() {
				for range 3 {
					if err := errors.Join(node.Resume(t.Context()), node.Wait(t.Context())); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		for _, id := range ids {
			if run := o.see(t, o.admin, id); run.State != Done || run.Done != 600 {
				t.Errorf("%+v", run)
			}
		}
		if got := o.audited(t, "pin.set"); got != 1800 {
			t.Errorf("%d PINs were set", got)
		}
	})
}

func TestCancel(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		o.people(t, 1100)
		id := o.put(t, Request{Kind: IssuePINs, Selection: everybody()})
		w := o.worker(t, id)
		w.mustStep(t, Running)
		if err := errors.Join(o.Cancel(t.Context(), o.admin, id), o.Cancel(t.Context(), o.admin, id)); err != nil {
			t.Fatal(err)
		}
		if run := o.see(t, o.admin, id); !run.Stopping {
			t.Errorf("asked to stop: %+v", run)
		}
		w.mustStep(t, Cancelled)
		run := o.see(t, o.admin, id)
		if run.State != Cancelled || run.Position() != 500 || run.Stopping || o.view(t, "u00501").HasPIN() || !o.view(t, "u00500").HasPIN() {
			t.Errorf("cancelled: %+v", run)
		}
		wantCode(t, "once more", o.Cancel(t.Context(), o.admin, id), cardinal.CodeConflict)
		if o.audited(t, "bulk.cancelled") != 1 || o.audited(t, "bulk.finished") != 1 {
			t.Error("the audit log does not have it once")
		}
		if pins, err := o.FetchPINs(t.Context(), o.admin, id); err != nil || len(pins) != 500 {
			t.Errorf("%d PINs, %v", len(pins), err)
		}
	})
}

func TestOneFormStartsOneRun(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		o.people(t, 20)
		id, _ := o.NewID(t.Context())
		r := Request{Kind: IssuePINs, Selection: everybody(), Confirmed: 20}
		var presses sync.WaitGroup
		for range 8 {
			presses.Go(func() {
				if err := o.Start(t.Context(), o.admin, id, r); err != nil {
					t.Error(err)
				}
			})
		}
		presses.Wait()
		if err := o.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		o.people2(t)
		if err := o.Start(t.Context(), o.admin, id, r); err != nil { // though the selection is another one now
			t.Error(err)
		}
		runs, err := o.Runs(t.Context(), o.admin, "", 10)
		if err != nil || len(runs) != 1 || runs[0].Done != 20 || o.audited(t, "pin.set") != 20 || o.audited(t, "bulk.started") != 1 {
			t.Errorf("%+v, %v", runs, err)
		}
		other := o.person(t, o.admin.Customer, "bea", cardinal.RoleAdministrator)
		wantCode(t, "somebody else's form", o.Start(t.Context(), other, id, r), cardinal.CodeConflict)
		elsewhere := o.person(t, storetest.Customer(t, o.store, "Elsewhere").ID, "eve", cardinal.RoleAdministrator)
		wantCode(t, "another customer's form", o.Start(t.Context(), elsewhere, id, Request{Kind: IssuePINs, Selection: named("eve")}), cardinal.CodeConflict)
		wantCode(t, "a forged form", o.Start(t.Context(), o.admin, "../../etc", r), cardinal.CodeMalformed)
	})
}

func (o *office) people2(t *testing.T) {
	t.Helper()
	storetest.Users(t, o.store, o.admin.Customer, "u09999")
}

func TestWhatIsNotConfirmedDoesNotBegin(t *testing.T) {
	o := newOffice(t, storetest.New(t, storetest.SQLite))
	o.people(t, 2)
	for what, test := range map[string]struct {
		selection Selection
		confirmed int
		want      cardinal.Code
	}{
		"one more than confirmed": {everybody(), 1, cardinal.CodeStale},
		"nobody":                  {named(), 0, cardinal.CodeInvalid},
		"nobody who is there":     {named("u7"), 0, cardinal.CodeInvalid},
		"too many names":          {named(make([]string, namesMost+1)...), 0, cardinal.CodeInvalid},
	} {
		id, _ := o.NewID(t.Context())
		wantCode(t, what, o.Start(t.Context(), o.admin, id, Request{Kind: IssuePINs, Selection: test.selection, Confirmed: test.confirmed}), test.want)
	}
	if runs, err := o.Runs(t.Context(), o.admin, "", 10); err != nil || len(runs) != 0 {
		t.Errorf("%d runs, %v", len(runs), err)
	}
}

// TestWhoStartedItMustStillBeAllowed takes the right away while a run is under way.
func TestWhoStartedItMustStillBeAllowed(t *testing.T) {
	for name, fields := range map[string]account.Fields{
		"disabled": {Disabled: new(true)}, "another role": {Role: new(cardinal.RoleAuditor)},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, storetest.New(t, storetest.SQLite))
			o.people(t, 1100)
			o.person(t, o.admin.Customer, "bea", cardinal.RoleAdministrator)
			id := o.put(t, Request{Kind: IssuePINs, Selection: everybody()})
			w := o.worker(t, id)
			w.mustStep(t, Running)
			o.change(t, "ada", fields)
			w.mustStep(t, Failed)
			if run := o.see(t, o.admin, id); run.Detail == "" || run.Position() != 500 {
				t.Errorf("%+v", run)
			}
		})
	}
}

// TestATokenMustStillBeThere deletes it while its run is under way; another one of
// the same name is another one.
func TestATokenMustStillBeThere(t *testing.T) {
	for what, end := range map[string]func(*office, cardinal.TokenID){
		"deleted": func(o *office, id cardinal.TokenID) {
			if err := o.accounts.DeleteToken(t.Context(), o.admin, id); err != nil {
				t.Error(err)
			}
		},
		"expired": func(o *office, _ cardinal.TokenID) { o.database.Clock.Add(2 * time.Hour) },
	} {
		t.Run(what, func(t *testing.T) {
			o := newOffice(t, storetest.New(t, storetest.SQLite))
			o.people(t, 600)
			made, _, err := o.accounts.CreateToken(t.Context(), o.admin, "sync", cardinal.RoleHelpdesk, time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			admin := o.admin
			o.admin = cardinal.Caller{Kind: cardinal.CallerToken, Customer: admin.Customer, Role: cardinal.RoleHelpdesk, Token: made.ID, Name: "sync"}
			id := o.put(t, Request{Kind: IssuePINs, Selection: everybody()})
			o.admin = admin
			w := o.worker(t, id)
			w.mustStep(t, Running)
			end(o, made.ID)
			w.mustStep(t, Failed)
			if run := o.see(t, o.admin, id); run.Detail == "" || run.Position() != 500 {
				t.Errorf("%+v", run)
			}
			namesake := cardinal.Caller{Kind: cardinal.CallerToken, Customer: admin.Customer, Role: cardinal.RoleHelpdesk, Token: "another", Name: "sync"}
			_, err = o.FetchPINs(t.Context(), namesake, id)
			wantCode(t, "a namesake", err, cardinal.CodeForbidden)
		})
	}
}

func TestDeletedMeanwhile(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		o.people(t, 3)
		id := o.put(t, Request{Kind: IssuePINs, Selection: everybody()})
		if err := o.accounts.DeleteUser(t.Context(), o.admin, "u00002", 0); err != nil {
			t.Fatal(err)
		}
		storetest.Users(t, o.store, o.admin.Customer, "u00004") // and somebody came
		o.worker(t, id).mustStep(t, Done)
		if got := o.outcomes(t, id); got != "u00001:done u00002:refused(not_found) u00003:done" {
			t.Error(got)
		}
		if o.view(t, "u00004").HasPIN() {
			t.Error("somebody who was not selected got a PIN")
		}
	})
}

func TestReportInParts(t *testing.T) {
	o := newOffice(t, storetest.New(t, storetest.SQLite))
	o.people(t, 1100)
	o.run(t, o.admin, Request{Kind: GenerateNumbers, Selection: named("u00007", "u00600", "u01100")})
	run := o.run(t, o.admin, Request{Kind: GenerateNumbers, Selection: everybody()})
	for _, test := range []struct {
		only        Outcome
		after, most int
		want        string
	}{
		{"", 6, 2, "u00007 u00008"}, {Unchanged, 0, 2, "u00007 u00600"}, {Unchanged, 600, 2, "u01100"}, {Changed, 598, 2, "u00599 u00601"}, {Refused, 0, 5, ""},
	} {
		lines, err := o.Lines(t.Context(), o.admin, run.ID, test.only, test.after, test.most)
		var names []string
		for _, l := range lines {
			names = append(names, l.Username)
		}
		if got := strings.Join(names, " "); err != nil || got != test.want {
			t.Errorf("%+v: %s, %v", test, got, err)
		}
	}
	exported := 0
	if err := o.Export(t.Context(), o.admin, run.ID, func(Line) error { exported++; return nil }); err != nil || exported != 1100 || o.audited(t, "bulk.exported") != 1 {
		t.Errorf("%d exported, %v", exported, err)
	}
	failure := errors.New("the reader is gone")
	if err := o.Export(t.Context(), o.admin, run.ID, func(Line) error { return failure }); !errors.Is(err, failure) {
		t.Errorf("a reader that is gone: %v", err)
	}
}

// TestFaultOfTheProgram breaks a number's seal, which no retry can mend.
func TestFaultOfTheProgram(t *testing.T) {
	o := newOffice(t, storetest.New(t, storetest.SQLite))
	o.people(t, 2)
	id := o.put(t, Request{Kind: IssuePINs, Selection: everybody()})
	storetest.Write(t, o.store, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.AddNumber(ctx, o.admin.Customer, store.StoredNumber{
			User: o.view(t, "u00002").ID, Slot: cardinal.Primary, Tag: store.Tag{Version: 1, Sum: []byte("tag")}, Sealed: []byte("broken"),
		})
		return err
	})
	if err := errors.Join(o.Resume(t.Context()), o.Wait(t.Context())); err != nil {
		t.Fatal(err)
	}
	run := o.see(t, o.admin, id)
	if run.State != Failed || run.Position() != 0 || run.Detail == "" || !strings.Contains(o.log.String(), "does not open") {
		t.Errorf("%+v, log %s", run, o.log)
	}
	if o.audited(t, "pin.set") != 0 {
		t.Error("half a batch was written")
	}
}

// TestBatchesAreShort has a clock on which every look takes 2 ms: others wait no
// longer than a batch may take.
func TestBatchesAreShort(t *testing.T) {
	o := newOffice(t, storetest.New(t, storetest.SQLite))
	o.people(t, 100)
	id := o.put(t, Request{Kind: RemovePINs, Selection: everybody()})
	options := o.database.Options(o.database.Ring)
	options.Clock = func() time.Time {
		o.database.Clock.Add(2 * time.Millisecond)
		return o.database.Clock.Now()
	}
	slow, err := store.Open(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	w := o.worker(t, id)
	w.Service = New(slow, o.database.Ring, Services{o.accounts, o.door, nil}, slog.New(slog.DiscardHandler))
	w.mustStep(t, Running)
	if done := o.see(t, o.admin, id).Position(); done < batchLeast || done > batchLeast+int(batchMost/(2*time.Millisecond))+1 {
		t.Errorf("%d users in one batch", done)
	}
}
