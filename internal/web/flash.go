package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

const (
	flashCookie = "cardinal-message"
	flashLife   = time.Minute
)

// Flash is a message that stands on the page after a redirect, once. It
// travels in a cookie, signed but readable: it never holds a PIN, a password,
// a token or a number.
type Flash struct {
	Tone Tone
	Text string
}

// Success returns a message that something was done.
func Success(text string) Flash { return Flash{Tone: ToneSuccess, Text: text} }

// Warning returns a message that something was done, but not all of it.
func Warning(text string) Flash { return Flash{Tone: ToneWarning, Text: text} }

// signedFlash is a Flash on its way.
type signedFlash struct {
	Flash
	Until int64 // Unix seconds
}

// Redirect sends the browser to a path of this site after a POST, where the
// message is shown; a Flash without text shows none.
func (k *Kit) Redirect(w http.ResponseWriter, r *http.Request, path string, message Flash) error {
	if message.Text != "" {
		payload, err := json.Marshal(signedFlash{message, k.config.Now().Add(flashLife).Unix()})
		if err != nil {
			return fmt.Errorf("encode message: %w", err)
		}
		c := k.cookie(r, flashCookie, k.sign(payload))
		c.MaxAge = int(flashLife.Seconds())
		http.SetCookie(w, c)
	}
	http.Redirect(w, r, SafePath(path, "/"), http.StatusSeeOther)
	return nil
}

// takeFlash returns the message that came with the request and makes the
// browser forget it; a forged or old one is dropped in silence.
func (k *Kit) takeFlash(w http.ResponseWriter, r *http.Request) Flash {
	c, err := r.Cookie(flashCookie)
	if err != nil {
		return Flash{}
	}
	k.clear(w, r, flashCookie)
	payload, ok := k.verify(c.Value)
	var message signedFlash
	if !ok || json.Unmarshal(payload, &message) != nil || k.config.Now().Unix() > message.Until {
		return Flash{}
	}
	return message.Flash
}

func (k *Kit) sign(payload []byte) string {
	return base64.RawURLEncoding.EncodeToString(payload) + "." + base64.RawURLEncoding.EncodeToString(k.mac(payload))
}

func (k *Kit) verify(value string) ([]byte, bool) {
	text, tag, _ := strings.Cut(value, ".")
	payload, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, false
	}
	sum, err := base64.RawURLEncoding.DecodeString(tag)
	return payload, err == nil && hmac.Equal(sum, k.mac(payload))
}

func (k *Kit) mac(payload []byte) []byte {
	mac := hmac.New(sha256.New, k.config.Key)
	mac.Write([]byte("cardinal message\x00"))
	mac.Write(payload)
	return mac.Sum(nil)
}
