package cardinal_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"cardinal"
)

// holder has secrets in fields that fmt cannot call methods on.
type holder struct {
	pin      cardinal.PIN
	password cardinal.Password
	token    *cardinal.Token
	number   cardinal.CardNumber
}

// TestSecretsDoNotPrint tries every way of printing there is on every secret
// type, alone and inside other values.
func TestSecretsDoNotPrint(t *testing.T) {
	const canary = "8305canary"
	number, err := cardinal.ParseCardNumber("number", canary)
	if err != nil {
		t.Fatal(err)
	}
	token := cardinal.NewToken(canary)
	values := []any{
		cardinal.NewPIN(canary), cardinal.NewPassword(canary), token, &token, number,
		holder{cardinal.NewPIN(canary), cardinal.NewPassword(canary), &token, number},
		&holder{cardinal.NewPIN(canary), cardinal.NewPassword(canary), &token, number},
		[]cardinal.PIN{cardinal.NewPIN(canary)}, map[string]any{"pin": cardinal.NewPIN(canary)},
		cardinal.Owner{CardNumbers: []cardinal.CardNumber{number}},
	}
	var printed strings.Builder
	for _, value := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%p", "%T"} {
			fmt.Fprintf(&printed, verb+"\n", value)
		}
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		printed.Write(text)
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("value", "value", value)
		slog.New(slog.NewTextHandler(&log, nil)).Info("value", "value", value)
		printed.WriteString(log.String())
	}
	for _, leak := range []string{canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary)} {
		if strings.Contains(printed.String(), leak) {
			t.Errorf("%q was printed", leak)
		}
	}
	if !strings.Contains(printed.String(), cardinal.Redacted) {
		t.Error("nothing was printed at all")
	}
	// The search finds what is revealed on purpose.
	if !strings.Contains(fmt.Sprint(cardinal.NewPIN(canary).Reveal()), canary) {
		t.Error("Reveal does not reveal")
	}
}

func TestSecretsAreRead(t *testing.T) {
	var in struct {
		PIN  cardinal.PIN  `json:"pin"`
		None *cardinal.PIN `json:"none"`
	}
	if err := json.Unmarshal([]byte(`{"pin":"4711"}`), &in); err != nil {
		t.Fatal(err)
	}
	if in.PIN.Reveal() != "4711" || in.None != nil || in.PIN.IsZero() || !(cardinal.PIN{}).IsZero() {
		t.Error("a secret is not what was sent")
	}
}
