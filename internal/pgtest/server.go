package pgtest

import (
	"bufio"
	"context"
	"crypto/rand"
	_ "embed" // for guard.sh
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// guardScript is the parent of the server. A shell does it and not the test
// process, because it must outlive that to clean up after it.
//
//go:embed guard.sh
var guardScript []byte

const (
	superuser = "cardinal"
	patience  = 30 * time.Second // for a server to answer on a busy machine
)

// Server is one running PostgreSQL. Its methods may be called concurrently,
// but a test that stops the server must be the only one that uses it.
type Server struct {
	dir      string
	port     int
	password string

	mu      sync.Mutex // one order to the guard at a time
	guard   *exec.Cmd
	orders  *os.File // closing it, or the end of this process, ends the server
	answers *os.File
}

// start initialises and runs a server in a new temporary directory.
func start(o Options) (*Server, error) {
	programs, err := findPrograms()
	if err != nil {
		return nil, err
	}
	a, err := unprivileged()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "cardinal-postgres-")
	if err != nil {
		return nil, fmt.Errorf("directory for PostgreSQL: %w", err)
	}
	s := &Server{dir: dir, password: rand.Text()}
	if err := s.initialise(a, programs, o); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := s.launch(a, filepath.Join(programs, "postgres")); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	for range 5 { // another process may take the free port before the server does
		if s.port, err = freePort(); err != nil {
			break
		}
		if err = s.run(); err == nil {
			return s, nil
		}
	}
	return nil, errors.Join(err, s.close())
}

// initialise makes the cluster and hands the directory to the account.
func (s *Server) initialise(a account, programs string, o Options) error {
	secret := filepath.Join(s.dir, "password")
	if err := os.WriteFile(secret, []byte(s.password+"\n"), 0o600); err != nil {
		return fmt.Errorf("password of PostgreSQL: %w", err)
	}
	if a.switched {
		if err := errors.Join(os.Chown(secret, a.uid, a.gid), os.Chown(s.dir, a.uid, a.gid)); err != nil {
			return fmt.Errorf("hand over to PostgreSQL: %w", err)
		}
	}
	initdb := a.command(s.dir, filepath.Join(programs, "initdb"), "--pgdata="+s.data(), "--no-sync",
		"--no-locale", "--encoding=UTF8", "--username="+superuser, "--auth=scram-sha-256", "--pwfile="+secret)
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return appendTo(filepath.Join(s.data(), "postgresql.conf"), configuration(s.dir, o))
}

// configuration is what stands in postgresql.conf after initdb's own lines.
func configuration(socketDir string, o Options) string {
	settings := map[string]string{
		"listen_addresses":        "127.0.0.1",
		"unix_socket_directories": socketDir,
		"max_connections":         "200",
	}
	if !o.Durable {
		settings["fsync"] = "off"
		settings["full_page_writes"] = "off"
	}
	maps.Copy(settings, o.Settings)
	var b strings.Builder
	for name, value := range settings {
		fmt.Fprintf(&b, "%s = '%s'\n", name, strings.ReplaceAll(value, "'", "''"))
	}
	return b.String()
}

func appendTo(path, text string) (err error) {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("configure PostgreSQL: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := f.WriteString(text); err != nil {
		return fmt.Errorf("configure PostgreSQL: %w", err)
	}
	return nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("free port for PostgreSQL: %w", err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		return 0, fmt.Errorf("free port for PostgreSQL: %w", err)
	}
	return port, nil
}

// launch runs the guard, which then waits for orders.
func (s *Server) launch(a account, postgres string) error {
	script := filepath.Join(s.dir, "guard.sh")
	if err := os.WriteFile(script, guardScript, 0o644); err != nil {
		return fmt.Errorf("guard of PostgreSQL: %w", err)
	}
	stdin, orders, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("pipe to PostgreSQL: %w", err)
	}
	answers, stdout, err := os.Pipe()
	if err != nil {
		return errors.Join(fmt.Errorf("pipe to PostgreSQL: %w", err), stdin.Close(), orders.Close())
	}
	s.guard = a.command(s.dir, "/bin/sh", script, s.dir, postgres, "-D", s.data())
	s.guard.Stdin, s.guard.Stdout = stdin, stdout
	s.orders, s.answers = orders, answers
	err = s.guard.Start()
	if err := errors.Join(err, stdin.Close(), stdout.Close()); err != nil {
		return fmt.Errorf("guard of PostgreSQL: %w", err)
	}
	return nil
}

// run has the server started and waits until it answers.
func (s *Server) run() error {
	if err := s.order("start " + strconv.Itoa(s.port)); err != nil {
		return err
	}
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(filepath.Join(s.dir, "ended")); err == nil {
			return fmt.Errorf("PostgreSQL ended at its start:\n%s", s.Log())
		}
		if s.exec("SELECT 1") == nil {
			return nil
		}
	}
	return fmt.Errorf("PostgreSQL does not answer after %s:\n%s", patience, s.Log())
}

// order gives the guard one order and waits for its answer.
func (s *Server) order(order string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.orders.WriteString(order + "\n"); err != nil {
		return fmt.Errorf("%s PostgreSQL: %w", order, err)
	}
	if err := s.answers.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return fmt.Errorf("%s PostgreSQL: %w", order, err)
	}
	if _, err := bufio.NewReader(s.answers).ReadString('\n'); err != nil {
		return fmt.Errorf("%s PostgreSQL: %w", order, err)
	}
	return nil
}

// close stops the server at once, removes its directory and waits for both.
func (s *Server) close() error {
	return errors.Join(s.orders.Close(), s.guard.Wait(), s.answers.Close(), os.RemoveAll(s.dir))
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) url(database string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(superuser, s.password),
		Host:     net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)),
		Path:     database,
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

// exec runs one statement in the database that every cluster has.
func (s *Server) exec(statement string) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := pgx.Connect(ctx, s.url("postgres"))
	if err != nil {
		return fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	defer func() { err = errors.Join(err, c.Close(ctx)) }()
	if _, err := c.Exec(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

// Database makes an empty database and returns its URL. When t ends it is
// dropped, if the server still runs, and who is still connected is cut off.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	name := "test_" + strings.ToLower(rand.Text())
	// template0 has no visitors, so that databases can be made at the same time.
	if err := s.exec("CREATE DATABASE " + name + " TEMPLATE template0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := os.Stat(filepath.Join(s.dir, "ended")); err == nil {
			return
		}
		if err := s.exec("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)"); err != nil {
			t.Errorf("drop the test's database: %v", err)
		}
	})
	return s.url(name)
}

// Kill kills the server with all its children, as the death of a machine does,
// and returns when it is gone. (Where there is no /proc the children live on for
// some milliseconds.)
func (s *Server) Kill(t testing.TB) { s.end(t, "KILL") }

// Stop shuts the server down in order, cutting off who is connected, and
// returns when it is gone.
func (s *Server) Stop(t testing.TB) { s.end(t, "INT") }

func (s *Server) end(t testing.TB, signal string) {
	t.Helper()
	if err := s.order("end " + signal); err != nil {
		t.Fatal(err)
	}
}

// Restart starts the server again after Kill or Stop, at the same address, and
// returns when it answers.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	var err error
	for range 50 { // after Kill the children may take a moment to let go of the memory
		if err = s.run(); err == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal(err)
}

// Log returns what the server wrote to its log so far.
func (s *Server) Log() string {
	log, err := os.ReadFile(filepath.Join(s.dir, "log"))
	if err != nil {
		return err.Error()
	}
	return string(log)
}
