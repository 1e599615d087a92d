package auth

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"cardinal"
	"cardinal/internal/audit"
	"cardinal/internal/seal"
	"cardinal/internal/store"
)

// The codes of authenticator apps are six digits that change every 30 seconds
// (RFC 6238), and one step to each side of the present one is taken, for clocks
// that differ.
const (
	appPeriod      = 30 * time.Second
	appWindow      = 1
	appSecretBytes = 20 // RFC 4226 recommends the length of the hash
)

// AppOffer is a secret for an authenticator app that is nobody's yet.
type AppOffer struct {
	Key    cardinal.Token // the secret as people type it into an app, in groups of four
	URL    cardinal.Token // the same as otpauth://…, for a QR code
	Sealed string         // to be handed back to AddApp
}

// NewApp draws a secret for the caller's authenticator app. Nothing is stored
// before AddApp; issuer is what the app will name the entry after.
func (s *Service) NewApp(caller cardinal.Caller, issuer string) (AppOffer, error) {
	if err := mayEnrol(caller); err != nil {
		return AppOffer{}, err
	}
	secret := make([]byte, appSecretBytes)
	_, _ = rand.Read(secret) // never fails: crypto/rand ends the program instead
	version, sealed := s.ring.Seal(caller.Customer, seal.PurposeFieldSeal, appBinding("offer", caller.User, string(caller.Session)), secret)
	return offer(caller, issuer, secret, strconv.Itoa(version)+"."+base64.RawURLEncoding.EncodeToString(sealed)), nil
}

// SameApp is NewApp with the secret of an offer before: for a form that is shown
// again.
func (s *Service) SameApp(caller cardinal.Caller, issuer, sealed string) (AppOffer, error) {
	secret, err := s.openOffer(caller, sealed)
	if err != nil {
		return AppOffer{}, err
	}
	return offer(caller, issuer, secret, sealed), nil
}

func offer(caller cardinal.Caller, issuer string, secret []byte, sealed string) AppOffer {
	text := appText(secret)
	address := url.URL{
		Scheme: "otpauth", Host: "totp", Path: "/" + issuer + ":" + caller.Name,
		RawQuery: "secret=" + text + "&issuer=" + url.PathEscape(issuer),
	}
	var groups []string
	for rest := text; rest != ""; rest = rest[min(4, len(rest)):] {
		groups = append(groups, rest[:min(4, len(rest))])
	}
	return AppOffer{cardinal.NewToken(strings.Join(groups, " ")), cardinal.NewToken(address.String()), sealed}
}

func appText(secret []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
}

// appBinding says where a sealed secret stands, so that it opens nowhere else.
func appBinding(place string, user cardinal.UserID, within string) []byte {
	return []byte("authenticator app\x00" + place + "\x00" + string(user) + "\x00" + within)
}

// AppBinding is what the kept secret of a user's authenticator app is bound to.
func AppBinding(user cardinal.UserID) []byte { return appBinding("kept", user, "") }

func (s *Service) openOffer(caller cardinal.Caller, sealed string) ([]byte, error) {
	broken := cardinal.Errorf(cardinal.CodeMalformed, "The form could not be read. Open the page again and begin anew.")
	number, text, _ := strings.Cut(sealed, ".")
	version, err := strconv.Atoi(number)
	if err != nil {
		return nil, broken
	}
	box, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, broken
	}
	secret, err := s.ring.Open(caller.Customer, seal.PurposeFieldSeal, version, appBinding("offer", caller.User, string(caller.Session)), box)
	if err != nil {
		return nil, broken // another person's, or of another session
	}
	return secret, nil
}

// AddApp makes the app with an offered secret the caller's, in place of the one
// before, once a code shows that the app has it. It returns the first recovery
// codes, or none if the caller has some already.
func (s *Service) AddApp(ctx context.Context, caller cardinal.Caller, sealed string, code cardinal.Token) ([]cardinal.Token, error) {
	if err := mayEnrol(caller); err != nil {
		return nil, err
	}
	secret, err := s.openOffer(caller, sealed)
	if err != nil {
		return nil, err
	}
	var codes []cardinal.Token
	err = s.change(ctx, caller, func(tx *store.Tx, user cardinal.User) error {
		step, right, err := appStep(secret, code, tx.Now(), 0)
		if err != nil {
			return err
		}
		if !right {
			return cardinal.Invalid("code", "This code is not the one that the app should show now. Check that the time of your telephone is right, and type the code it shows.")
		}
		version, box := s.ring.Seal(user.Customer, seal.PurposeFieldSeal, AppBinding(user.ID), secret)
		if err := tx.PutTOTPSecret(ctx, user, store.TOTPSecret{KeyVersion: version, Sealed: box, LastStep: step}); err != nil {
			return err
		}
		if codes, err = firstCodes(ctx, tx, user); err != nil {
			return err
		}
		return recordFactor(tx, caller, "second-factor.added", user.Username, audit.Fields{"kind": "app"})
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// RemoveApp takes the caller's own authenticator app away; CodeNotFound if there
// is none.
func (s *Service) RemoveApp(ctx context.Context, caller cardinal.Caller) error {
	return s.change(ctx, caller, func(tx *store.Tx, user cardinal.User) error {
		if _, err := tx.TOTPSecret(ctx, user); err != nil {
			return err
		}
		if err := tx.DeleteTOTPSecret(ctx, user); err != nil {
			return err
		}
		if err := lastGone(ctx, tx, user); err != nil {
			return err
		}
		return recordFactor(tx, caller, "second-factor.removed", user.Username, audit.Fields{"kind": "app"})
	})
}

// useAppCode reports whether a code is the user's and was not used before: the
// step it belongs to is used up, with all before it.
func (s *Service) useAppCode(ctx context.Context, tx *store.Tx, user cardinal.User, code cardinal.Token) (bool, error) {
	kept, err := tx.TOTPSecret(ctx, user)
	if cardinal.CodeOf(err) == cardinal.CodeNotFound {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	secret, err := s.ring.Open(user.Customer, seal.PurposeFieldSeal, kept.KeyVersion, AppBinding(user.ID), kept.Sealed)
	if err != nil {
		return false, err
	}
	step, right, err := appStep(secret, code, tx.Now(), kept.LastStep)
	if err != nil || !right {
		return false, err
	}
	return tx.UseTOTPStep(ctx, user, step)
}

// appStep finds the step after the last used one whose code it is.
func appStep(secret []byte, code cardinal.Token, now time.Time, last int64) (int64, bool, error) {
	text := strings.ReplaceAll(strings.TrimSpace(code.Reveal()), " ", "")
	if len(text) != otp.DigitsSix.Length() {
		return 0, false, nil
	}
	present := now.Unix() / int64(appPeriod.Seconds())
	for step := max(present-appWindow, last+1); step <= present+appWindow; step++ {
		right, err := hotp.ValidateCustom(text, uint64(step), appText(secret), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err != nil {
			return 0, false, fmt.Errorf("compare a code: %w", err)
		}
		if right {
			return step, true, nil
		}
	}
	return 0, false, nil
}
