package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// patience is how long a busy machine may take for what is done in a moment.
const patience = 30 * time.Second

// server is one running `cardinal serve`.
type server struct {
	url    string
	stderr *output
	cmd    *exec.Cmd
	ended  chan struct{} // closed when the process is gone
	err    error         // how it ended; read it after ended
}

// startServer runs `cardinal serve` on a free port in an environment and returns
// when /readyz answers 200.
func startServer(dir string, env []string, args ...string) (*server, error) {
	s := &server{stderr: &output{}, ended: make(chan struct{})}
	s.cmd = exec.Command(program, append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
	s.cmd.Dir, s.cmd.Env, s.cmd.Stderr = dir, env, s.stderr
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the server: %w", err)
	}
	go func() {
		s.err = s.cmd.Wait()
		close(s.ended)
	}()
	if err := s.waitUntilReady(); err != nil {
		return nil, errors.Join(err, s.stop(syscall.SIGKILL))
	}
	return s, nil
}

func (s *server) waitUntilReady() error {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		select {
		case <-s.ended:
			return fmt.Errorf("the server ended at its start: %w\n%s", s.err, s.stderr)
		default:
		}
		if s.url == "" {
			s.url = s.stderr.address()
			continue
		}
		answer, err := http.Get(s.url + "/readyz")
		if err != nil {
			continue
		}
		_ = answer.Body.Close() // only the status counts
		if answer.StatusCode == http.StatusOK {
			return nil
		}
	}
	return fmt.Errorf("the server was not ready after %s:\n%s", patience, s.stderr)
}

// stop sends the signal and waits until the process is gone. After SIGTERM the
// server must have ended in order.
func (s *server) stop(signal syscall.Signal) error {
	select {
	case <-s.ended:
		return nil
	default:
	}
	if err := s.cmd.Process.Signal(signal); err != nil {
		return fmt.Errorf("stop the server: %w", err)
	}
	select {
	case <-s.ended:
	case <-time.After(patience):
		return errors.Join(fmt.Errorf("the server did not end within %s of %s:\n%s", patience, signal, s.stderr), s.cmd.Process.Kill())
	}
	if signal == syscall.SIGTERM && s.err != nil {
		return fmt.Errorf("the server ended with %w:\n%s", s.err, s.stderr)
	}
	return nil
}

// output is what a process writes, readable while it runs.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write appends.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

// String returns all that was written so far.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// address reads the server's address out of its log, or returns "".
func (o *output) address() string {
	for _, line := range o.lines() {
		if line["msg"] == "serving" {
			return fmt.Sprintf("http://%v", line["address"])
		}
	}
	return ""
}

// lines returns the lines of a log as JSON objects; what is no JSON is left out.
func (o *output) lines() []map[string]any {
	var lines []map[string]any
	for text := range strings.Lines(o.String()) {
		var line map[string]any
		if json.Unmarshal([]byte(text), &line) == nil {
			lines = append(lines, line)
		}
	}
	return lines
}

// result is how a command ended.
type result struct {
	code        int
	out, errout string
}

// runProgram runs one command of the program to its end.
func runProgram(dir string, env []string, stdin string, args ...string) (result, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	var out, errout bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = dir, env, strings.NewReader(stdin), &out, &errout
	err := cmd.Run()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		return result{}, fmt.Errorf("run cardinal %s: %w", strings.Join(args, " "), err)
	}
	return result{cmd.ProcessState.ExitCode(), out.String(), errout.String()}, nil
}
