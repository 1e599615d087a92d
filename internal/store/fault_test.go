package store_test

import (
	"context"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/pgtest"
	"cardinal/internal/seal"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

func TestSQLiteOnAFullDisk(t *testing.T) {
	dir := t.TempDir()
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a small file system")
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=2m"); err != nil {
		t.Skip("cannot mount a small file system: ", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	d := storetest.New(t, storetest.SQLite)
	d.URL = filepath.Join(dir, "cardinal.db")
	n := node{d.Open(t), t}
	c := storetest.Customer(t, n.Store, "Pilsen Print").ID
	ballast := filepath.Join(dir, "ballast")
	fill(t, ballast)

	notes := strings.Repeat("x", 50_000)
	add := func(ctx context.Context, tx *store.Tx) error {
		for range 20 {
			u := fullUser(tx, c, tx.NewID())
			u.Notes = notes
			if err := tx.AddUser(ctx, u); err != nil {
				return err
			}
		}
		return nil
	}
	n.refused(cardinal.CodeStorageFull, add)
	n.refused(cardinal.CodeStorageFull, add)
	same(t, 0, len(usernames(t, n, c)))
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	storetest.User(t, n.Store, c, "anna")
	same(t, []string{"anna"}, usernames(t, n, c))
}

// fill leaves no room on the file system of path.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for block := make([]byte, 4096); err == nil; {
		_, err = f.Write(block)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestPostgreSQLGoneAndBack(t *testing.T) {
	server := pgtest.Start(t, pgtest.Options{})
	d := &storetest.Database{Kind: storetest.PostgreSQL, URL: server.Database(t), Clock: &storetest.Clock{}, Ring: seal.New()}
	d.Clock.Set(someTime())
	n := node{d.Open(t), t}
	c := storetest.Customer(t, n.Store, "Pilsen Print").ID
	add := func(username string) func(context.Context, *store.Tx) error {
		return func(ctx context.Context, tx *store.Tx) error { return tx.AddUser(ctx, fullUser(tx, c, username)) }
	}
	for name, end := range map[string]func(testing.TB){"stopped": server.Stop, "killed": server.Kill} {
		t.Run(name, func(t *testing.T) {
			n := n.in(t)
			n.refused(cardinal.CodeUnavailable, func(ctx context.Context, tx *store.Tx) error {
				if err := add("lost, "+name)(ctx, tx); err != nil {
					t.Fatal(err)
				}
				end(t)
				time.Sleep(200 * time.Millisecond) // what a killed server has started lives on for some milliseconds
				return add("lost as well")(ctx, tx)
			})
			within(t, 2*time.Second, func() {
				n.refused(cardinal.CodeUnavailable, add("also lost"))
				err := n.Read(t.Context(), func(tx *store.Tx) error { _, err := tx.CountUsers(t.Context(), c); return err })
				wantCode(t, err, cardinal.CodeUnavailable)
			})
			server.Restart(t)
			within(t, 5*time.Second, func() { n.write(add(name)) })
		})
		t.Run(name+" before the commit", func(t *testing.T) {
			n := n.in(t)
			n.refused(cardinal.CodeUnavailable, func(ctx context.Context, tx *store.Tx) error {
				err := add("lost before the commit, "+name)(ctx, tx)
				end(t)
				time.Sleep(200 * time.Millisecond)
				return err
			})
			server.Restart(t)
			n.write(add("after " + name))
		})
	}
	for _, username := range usernames(t, n, c) {
		if strings.Contains(username, "lost") {
			t.Errorf("%q was told to be refused, and is there", username)
		}
	}
}

func TestPostgreSQLThatDoesNotAnswer(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := silent.Close(); err != nil {
			t.Error(err)
		}
	})
	d := &storetest.Database{URL: "postgres://user@" + silent.Addr().String() + "/x?connect_timeout=1", Clock: &storetest.Clock{}}
	_, err = store.Open(t.Context(), d.Options(seal.New()))
	wantCode(t, err, cardinal.CodeUnavailable)
}

// within fails where the answer is promised within a time (spec: sign-in).
func within(t *testing.T, most time.Duration, do func()) {
	t.Helper()
	start := time.Now()
	do()
	if took := time.Since(start); took > most {
		t.Errorf("took %s, promised are %s", took, most)
	}
}

// A database whose language sorts ~ before the letters lists as any other.
func TestPostgreSQLWithALanguage(t *testing.T) {
	d := storetest.New(t, storetest.PostgreSQL)
	address, err := url.Parse(d.URL)
	if err != nil {
		t.Fatal(err)
	}
	address.Path += "_en"
	name := address.Path[1:]
	admin := behind(t, d)
	if _, err := admin.ExecContext(t.Context(), "CREATE DATABASE "+name+" TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'"); err != nil {
		t.Skip("this PostgreSQL has no languages: ", err)
	}
	t.Cleanup(func() {
		if _, err := admin.ExecContext(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	d.URL = address.String()
	n := node{d.Open(t), t}
	c := storetest.Customer(t, n.Store, "Pilsen Print").ID
	n.write(func(ctx context.Context, tx *store.Tx) error {
		return first(tx.AddSignIn(ctx, cardinal.SignIn{ID: tx.NewID(), Customer: c, Time: tx.Now()}, "", ""),
			tx.AddImport(ctx, store.ImportRun{ID: cardinal.ImportID(tx.NewID()), Customer: c}))
	})
	n.read(func(ctx context.Context, tx *store.Tx) error {
		tries, err := tx.SignIns(ctx, c, "", 9)
		runs, runErr := tx.Imports(ctx, c, "", 9)
		same(t, [2]int{1, 1}, [2]int{len(tries), len(runs)})
		return first(err, runErr)
	})
	storetest.Users(t, n.Store, c, "a_b", "a-b", "ab", "aB2", "~x", "žofie", "zofie", "_")
	same(t, 8, len(pagedUsernames(n, c)))
}

func pagedUsernames(n node, c cardinal.CustomerID) (all []string) {
	q := store.UserQuery{Most: 1}
	for range 20 {
		var page store.UserPage
		n.read(func(ctx context.Context, tx *store.Tx) (err error) {
			page, err = tx.Users(ctx, c, q)
			return err
		})
		for _, row := range page.Users {
			all = append(all, row.Username)
		}
		if q.From = page.Next; q.From == nil {
			break
		}
	}
	return all
}
