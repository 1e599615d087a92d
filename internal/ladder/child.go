package ladder

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// Child is a server in a process of its own.
type Child struct {
	Address string
	process *exec.Cmd
	stdin   io.Closer
}

// Start starts a program that serves and prints its address as the first line of
// its output; it is to end when its standard input does.
func Start(ctx context.Context, environment []string, command ...string) (*Child, error) {
	process := exec.CommandContext(ctx, command[0], command[1:]...)
	process.Env = append(os.Environ(), environment...)
	process.Stderr = os.Stderr
	stdin, err := process.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := process.Start(); err != nil {
		return nil, err
	}
	c := &Child{process: process, stdin: stdin}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s did not start: %w", strings.Join(command, " "), err), c.Stop())
	}
	c.Address = strings.TrimSpace(line)
	return c, nil
}

// CPU is how much processor time the program has used, as exactly as the system
// counts it (a hundredth of a second); 0 where it does not say.
func (c *Child) CPU() time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.process.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), ") ") // the name may have spaces
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	var ticks int64
	for _, field := range fields[11:13] { // in user mode and in the kernel
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / 100
}

// Stop ends the program and waits for its end.
func (c *Child) Stop() error { return errors.Join(c.stdin.Close(), c.process.Wait()) }

// Until returns a context that ends with the input: what a Child is started with.
func Until(ctx context.Context, input io.Reader) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		_, _ = io.Copy(io.Discard, input) // whatever ends it
		cancel()
	}()
	return ctx, cancel
}

// Announce opens a free port of this machine and prints its address.
func Announce(ctx context.Context, output io.Writer) (net.Listener, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	if _, err := fmt.Fprintln(output, listener.Addr()); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return listener, nil
}
