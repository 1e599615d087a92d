package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/app"
	"cardinal/internal/signin"
)

// The sample organisation is three days old: long enough that its charts show
// something, and short enough that PINs made at its beginning are about to expire.
const (
	age        = 72 * time.Hour
	pinHours   = "80"
	signInsMax = 12 // in a busy hour
)

// A working day, as how busy each hour of it is, in twelfths.
const day = "\x00\x00\x00\x00\x00\x00\x01\x03\x08\x0c\x0a\x08\x05\x07\x0a\x09\x07\x04\x02\x01\x01\x00\x00\x00"

// past makes the three days: at each hour some of the people sign in at some
// device, most with the right PIN.
type past struct {
	app     *app.App
	clock   rewound
	caller  cardinal.Caller
	devices []cardinal.Caller
	people  []person
	random  *rand.Rand // the same story every time
}

// person is somebody with a PIN.
type person struct {
	username string
	pin      cardinal.PIN
}

// issuePINs gives the first of the people a PIN each, spread over the first hours.
func (p *past) issuePINs(ctx context.Context) error {
	page, err := p.app.Accounts.Users(ctx, p.caller, account.UserQuery{Limit: withPIN})
	if err != nil {
		return err
	}
	for i, u := range page.Users {
		if u.Username == user || u.Username == administrator {
			continue
		}
		p.clock.SetBack(age - time.Duration(i)*4*time.Minute)
		pin, _, err := p.app.Door.GeneratePIN(ctx, p.caller, u.Username, 0)
		if err != nil {
			return err
		}
		p.people = append(p.people, person{u.Username, pin})
	}
	return nil
}

// addDevices makes the printers, and returns the token of the first.
func (p *past) addDevices(ctx context.Context, names ...string) (cardinal.Token, error) {
	var first cardinal.Token
	for i, name := range names {
		device, token, err := p.app.Accounts.CreateDevice(ctx, p.caller, cardinal.Device{Name: name})
		if err != nil {
			return first, err
		}
		if i == 0 {
			first = token
		}
		p.devices = append(p.devices, cardinal.Caller{Kind: cardinal.CallerDevice, Customer: p.caller.Customer, Device: device.ID, Name: name})
	}
	return first, nil
}

// live lets the days pass until the present.
func (p *past) live(ctx context.Context) error {
	now := p.clock.Now()
	for at := now.Add(-age + 21*time.Hour).Truncate(time.Hour); at.Before(now); at = at.Add(time.Hour) {
		tries := p.random.IntN(int(day[at.Hour()])*signInsMax/12 + 1)
		minutes := make([]time.Duration, tries)
		for i := range minutes {
			minutes[i] = time.Duration(p.random.Int64N(int64(time.Hour)))
		}
		slices.Sort(minutes)
		for _, minute := range minutes {
			if err := p.signIn(ctx, now, at.Add(minute)); err != nil {
				return fmt.Errorf("a sign-in of the past: %w", err)
			}
		}
	}
	return nil
}

// signIn is one try: of eighteen, fifteen succeed, two have a wrong PIN, and one
// is a card that nobody owns.
func (p *past) signIn(ctx context.Context, now, at time.Time) error {
	if !at.Before(now) {
		return nil
	}
	p.clock.SetBack(now.Sub(at))
	who, device := p.people[p.random.IntN(len(p.people))], p.devices[p.random.IntN(len(p.devices))]
	try := signin.Try{Username: &who.username, PIN: &who.pin}
	switch p.random.IntN(18) {
	case 0, 1:
		wrong := cardinal.NewPIN("0000")
		try.PIN = &wrong
	case 2:
		number := cardinal.NewPIN(fmt.Sprintf("%08d", p.random.IntN(1e8))).Secret
		try = signin.Try{Number: &number, PIN: &who.pin}
	}
	_, err := p.app.SignIn.SignIn(ctx, device, try)
	if code := cardinal.CodeOf(err); code == cardinal.CodeSignInFailed || code == cardinal.CodeRateLimited {
		return nil
	}
	return err
}
