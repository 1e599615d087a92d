// Package kills takes nodes away in the middle of their work and counts what
// became of it. It owns what is promised of notifications then: none is missing,
// and a kill makes one copy too many at most, with the same Message-ID.
package kills

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/app"
	"cardinal/internal/mailsink"
	"cardinal/internal/mailtest"
	"cardinal/internal/notify"
	"cardinal/internal/pgtest"
)

// What tells this program that it is a node: its data directory and its database.
const (
	nodeData     = "CARDINAL_NODE_DATA"
	nodeDatabase = "CARDINAL_NODE_DATABASE"
)

// lease is short, so that what a node had is soon sent by another.
const lease = 2 * time.Second

func TestMain(m *testing.M) {
	if os.Getenv(nodeData) != "" {
		fmt.Fprintln(os.Stderr, beNode(context.Background()))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// beNode queues and sends, as a server does beside answering, until it is killed.
func beNode(ctx context.Context) error {
	a, err := open(ctx, os.Getenv(nodeData), os.Getenv(nodeDatabase))
	if err != nil {
		return err
	}
	for ; ; time.Sleep(5 * time.Millisecond) {
		_, err := a.Notify.QueueDue(ctx)
		if err := errors.Join(err, a.Notify.Deliver(ctx)); err != nil {
			fmt.Fprintln(os.Stderr, err) // as the server does, it goes on
		}
	}
}

func open(ctx context.Context, data, database string) (*app.App, error) {
	return app.Open(ctx, app.Config{Data: data, Database: database, Create: true, Mail: notify.Options{Lease: lease}})
}

// node is a process that is killed and started again.
type node struct {
	t              *testing.T
	data, database string
	cmd            *exec.Cmd
}

func (n *node) start() {
	n.t.Helper()
	n.cmd = exec.Command(os.Args[0], "-test.run=^$")
	n.cmd.Env = append(os.Environ(), nodeData+"="+n.data, nodeDatabase+"="+n.database)
	n.cmd.Stderr = os.Stderr
	if err := n.cmd.Start(); err != nil {
		n.t.Fatal(err)
	}
}

func (n *node) kill() {
	_ = n.cmd.Process.Kill() // it may have ended by itself, which the figures show
	_ = n.cmd.Wait()         // killed
}

// TestKills kills two nodes again and again while notices go out. How often,
// CARDINAL_KILLS says; ten notices come for each kill.
func TestKills(t *testing.T) {
	kills := func(usually int) int {
		if text := os.Getenv("CARDINAL_KILLS"); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		return usually
	}
	t.Run("postgresql", func(t *testing.T) { killNodes(t, pgtest.URL(t), kills(200)) })
	t.Run("sqlite", func(t *testing.T) { killNodes(t, "", kills(50)) })
}

func killNodes(t *testing.T, database string, kills int) {
	const perKill = 10
	ctx := t.Context()
	data := t.TempDir()
	a, err := open(ctx, data, database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close(context.WithoutCancel(ctx)) })
	sink := mailtest.Sink(t, mailsink.Options{})
	caller := settle(ctx, t, a, sink, kills*perKill)
	nodes := []*node{{t: t, data: data, database: database}, {t: t, data: data, database: database}}
	for _, n := range nodes {
		n.start()
		defer func() { n.kill() }()
	}
	random := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	began := time.Now()
	for i := range kills {
		for user := i * perKill; user < (i+1)*perKill; user++ {
			if _, _, err := a.Door.GeneratePIN(ctx, caller, fmt.Sprintf("user%05d", user), 0); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Duration(random.IntN(250)) * time.Millisecond)
		victim := nodes[random.IntN(len(nodes))]
		victim.kill()
		victim.start()
	}
	killed, meanwhile := time.Since(began), len(sink.Messages())
	if meanwhile < kills {
		t.Errorf("only %d messages went out while nodes were killed: too few to tell", meanwhile)
	}
	awaitSent(ctx, t, a, caller, kills*perKill)
	report(t, sink.Messages(), kills, kills*perKill)
	t.Logf("%d messages went out during the kills, which took %s; the rest took %s", meanwhile, killed.Round(time.Millisecond), (time.Since(began) - killed).Round(time.Millisecond))
}

// settle makes an organisation whose users are told of every PIN at once.
func settle(ctx context.Context, t *testing.T, a *app.App, sink *mailsink.Sink, users int) cardinal.Caller {
	t.Helper()
	made, err := a.Accounts.Install(ctx, account.NewCustomer{Name: "Acme", Admin: "ada", Password: cardinal.NewPassword("correct horse battery")})
	if err != nil {
		t.Fatal(err)
	}
	caller := cardinal.Console(made.ID)
	relay, err := a.Notify.AddConfiguration(ctx, caller, cardinal.MessagingConfiguration{
		Name: "Relay", Host: sink.Host(), Port: sink.Port(), Security: cardinal.MailPlain, Authentication: cardinal.MailAuthNone, SenderAddress: "pins@acme.example",
	}, notify.Secrets{})
	if err != nil {
		t.Fatal(err)
	}
	id, hours, before := strconv.Quote(string(relay.ID)), "48", "72"
	err = a.Accounts.ChangeSettings(ctx, caller, account.SettingChange{Values: map[string]*string{
		"pin.expiration-hours": &hours, "pin.expiration-notice-hours": &before, "pin.expiration-notice.messaging-configuration": &id,
	}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range users {
		username := fmt.Sprintf("user%05d", i)
		email := username + "@example.org"
		if _, err := a.Accounts.CreateUser(ctx, caller, username, account.Fields{Email: &email}); err != nil {
			t.Fatal(err)
		}
	}
	return caller
}

// awaitSent returns when all notifications are sent, and fails if one ends
// otherwise or is not sent in time.
func awaitSent(ctx context.Context, t *testing.T, a *app.App, caller cardinal.Caller, want int) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		counts, err := a.Notify.Counts(ctx, caller, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		if counts[cardinal.NotificationSent] == want && len(counts) == 1 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("of %d notices: %v", want, counts)
		}
	}
}

// report counts who was told how often.
func report(t *testing.T, messages []mailsink.Received, kills, users int) {
	t.Helper()
	ids := map[string]map[string]int{} // by recipient, by Message-ID
	for _, m := range messages {
		if ids[m.To[0]] == nil {
			ids[m.To[0]] = map[string]int{}
		}
		ids[m.To[0]][m.Header.Get("Message-Id")]++
	}
	for to, copies := range ids {
		if len(copies) != 1 {
			t.Errorf("%s has copies of different Message-IDs: %v", to, copies)
		}
	}
	duplicates := len(messages) - len(ids)
	if missing := users - len(ids); missing != 0 || duplicates > kills {
		t.Errorf("%d notices are missing, and there are %d copies too many after %d kills", missing, duplicates, kills)
	}
	t.Logf("%d notices, %d kills: none missing, %d copies too many", len(ids), kills, duplicates)
}
