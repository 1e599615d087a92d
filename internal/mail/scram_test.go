package mail_test

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/mail"
)

// A server names the number of rounds that the client has to compute.
func TestServerThatAsksForTooMuchComputing(t *testing.T) {
	for _, rounds := range []string{"2000000000", "0", "-1", "many"} {
		t.Run(rounds, func(t *testing.T) {
			server := odd(t, func(c net.Conn) { challenge(c, rounds) })
			server.Method, server.Username, server.Password = mail.AuthSCRAM, username, cardinal.NewPassword(password)
			begin := time.Now()
			err := mail.Check(t.Context(), server)
			if f := failure(t, err); f.Stage != mail.StageAuthenticate || f.Temporary {
				t.Errorf("got %+v", f)
			}
			if said := mail.Explain(err).String(); !strings.Contains(said, "computing") {
				t.Errorf("the explanation is %q", said)
			}
			if took := time.Since(begin); took > time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// challenge plays a server up to its SCRAM challenge, and hangs up after what
// the client says to that.
func challenge(c net.Conn, rounds string) {
	lines := bufio.NewScanner(c)
	say := func(line string) bool {
		_, err := fmt.Fprintf(c, "%s\r\n", line)
		return err == nil && lines.Scan()
	}
	coded := func(text string) string { return "334 " + base64.StdEncoding.EncodeToString([]byte(text)) }
	if !say("220 odd") || !say("250-odd\r\n250 AUTH SCRAM-SHA-256") || !say("334 ") {
		return
	}
	first, err := base64.StdEncoding.DecodeString(lines.Text())
	if err != nil {
		return
	}
	_, nonce, _ := strings.Cut(string(first), ",r=")
	say(coded("r=" + nonce + "more,s=c2FsdA==,i=" + rounds))
}
