package credential

import (
	"context"

	"cardinal"
	"cardinal/internal/setting"
	"cardinal/internal/store"
)

// What users read when a daily limit is used up. The sentence about the number
// is the seed's, to the letter.
const (
	tooManyNumbers = "Your ID number has been changed too many times. Please contact your system administrator for assistance."
	tooManyPINs    = "Your PIN has been changed too many times. Please contact your system administrator for assistance."
)

// OwnPIN is what users submit to change their own PIN.
type OwnPIN struct {
	Current  cardinal.PIN // asked for where the setting says so and they have one
	New      cardinal.PIN // zero with Generate
	Generate bool         // have one generated; the only way where PINs identify users
}

// OwnOptions says what a user may do on *Change Details*, and the rules for it.
type OwnOptions struct {
	PIN         bool // change the PIN
	MailPIN     bool // have a new PIN sent by e-mail
	Number      bool // change the number in Slot
	Slot        cardinal.Slot
	AutoNumber  bool // the number is generated, not typed
	AskCurrent  bool // the present PIN is asked for
	GeneratePIN bool // the PIN is generated, not typed
	Policy      cardinal.Policy
}

// Any reports whether there is anything to change: whether the page exists.
func (o OwnOptions) Any() bool { return o.PIN || o.MailPIN || o.Number }

// OwnOptions returns what the caller may change of their own.
func (d *Door) OwnOptions(ctx context.Context, caller cardinal.Caller) (OwnOptions, error) {
	if err := isPerson(caller); err != nil {
		return OwnOptions{}, err
	}
	var options OwnOptions
	err := d.store.Read(ctx, func(tx *store.Tx) error {
		texts, err := tx.SettingTexts(ctx, caller.Customer)
		if err != nil {
			return err
		}
		values := setting.Load(texts)
		options = ownOptions(values)
		if !options.AskCurrent {
			return nil
		}
		present, err := tx.PIN(ctx, caller.User)
		if cardinal.CodeOf(err) == cardinal.CodeNotFound {
			err = nil
		}
		options.AskCurrent = present.Live(tx.Now())
		return err
	})
	return options, err
}

func ownOptions(values setting.Values) OwnOptions {
	p := setting.Policy(values)
	return OwnOptions{
		PIN: setting.UserCanChangePIN.In(values), MailPIN: setting.UserCanRequestPIN.In(values), Number: setting.UserCanChangeCardID.In(values),
		Slot: setting.UserCanChangeCardIDWhich.In(values), AutoNumber: setting.UserCanChangeCardIDAuto.In(values),
		AskCurrent: setting.UserCanChangePINAskCurrent.In(values), GeneratePIN: p.IdentifiesUser, Policy: p,
	}
}

func isPerson(caller cardinal.Caller) error {
	if caller.Kind != cardinal.CallerUser {
		return cardinal.Errorf(cardinal.CodeForbidden, "Only people signed in to the web interface have details of their own.")
	}
	return caller.Require(cardinal.PermOwnDetails)
}

// ChangeOwnPIN changes the caller's own PIN. Every call counts against
// user.can-change-pin.num-times-per-day; past it the error is of
// CodeRateLimited. Where users may not change their PIN it is CodeNotFound.
// The PIN is returned where it was generated, and is zero otherwise.
func (d *Door) ChangeOwnPIN(ctx context.Context, caller cardinal.Caller, wanted OwnPIN) (cardinal.PIN, cardinal.PINState, error) {
	var pin cardinal.PIN
	var state cardinal.PINState
	err := d.changeOwn(ctx, caller, ownLimit{
		kind: countPIN, allowed: setting.UserCanChangePIN, times: setting.UserCanChangePINTimes, past: cardinal.Say(tooManyPINs),
	}, func(t *task) (err error) {
		if err := t.checkCurrent(ctx, wanted.Current); err != nil {
			return err
		}
		if wanted.Generate {
			pin, state, err = t.generatePIN(ctx, 0)
			return err
		}
		if t.policy.IdentifiesUser {
			return cardinal.Invalid("pin", "PINs are generated here and cannot be chosen. Have a new one generated.")
		}
		state, err = t.mustSetPIN(ctx, wanted.New)
		return err
	})
	if err != nil {
		return cardinal.PIN{}, cardinal.PINState{}, err
	}
	return pin, state, nil
}

// checkCurrent asks for the present PIN where the setting says so; who has none
// that is live has nothing to be asked for.
func (t *task) checkCurrent(ctx context.Context, current cardinal.PIN) error {
	if !setting.UserCanChangePINAskCurrent.In(t.values) {
		return nil
	}
	present, err := t.tx.PIN(ctx, t.user.ID)
	switch {
	case cardinal.CodeOf(err) == cardinal.CodeNotFound:
		return nil
	case err != nil:
		return err
	case present.Live(t.tx.Now()) && !Matches(t.ring, t.user.Customer, present, current):
		return cardinal.Invalid("currentPin", "The present PIN is not right. Type the PIN you have now.")
	}
	return nil
}

// ChangeOwnNumber replaces the caller's own number in the slot that the setting
// names: by a random one, or by typed where users may choose. Every call counts
// against user.can-change-card-id.num-times-per-day, whether it succeeds or is
// refused; past it nothing changes and the error is of CodeRateLimited with the
// seed's sentence. Where users may not change their number it is CodeNotFound.
func (d *Door) ChangeOwnNumber(ctx context.Context, caller cardinal.Caller, typed cardinal.Secret) (cardinal.CardNumber, error) {
	var number cardinal.CardNumber
	err := d.changeOwn(ctx, caller, ownLimit{
		kind: countNumber, allowed: setting.UserCanChangeCardID, times: setting.UserCanChangeCardIDTimes, past: cardinal.Say(tooManyNumbers),
	}, func(t *task) (err error) {
		slot := setting.UserCanChangeCardIDWhich.In(t.values)
		if setting.UserCanChangeCardIDAuto.In(t.values) {
			number, err = t.generateNumber(ctx, slot)
			return err
		}
		if number, err = cardinal.ParseCardNumber(NumberField(slot), typed.Reveal()); err != nil {
			return err
		}
		_, err = t.apply(ctx, Change{Numbers: []NumberChange{{slot, number}}})
		return err
	})
	if err != nil {
		return cardinal.CardNumber{}, err
	}
	return number, nil
}

// ownLimit is a daily limit of self-service.
type ownLimit struct {
	kind    string
	allowed setting.Of[bool]
	times   setting.Of[int]
	past    cardinal.Sentence
}

// requestLimit is the limit of PINs by e-mail, which is that of all PIN changes.
func requestLimit() ownLimit {
	return ownLimit{
		kind: countPIN, allowed: setting.UserCanRequestPIN, times: setting.UserCanChangePINTimes, past: cardinal.Say(tooManyPINs),
	}
}

// changeOwn counts first and commits the count whatever becomes of the change.
func (d *Door) changeOwn(ctx context.Context, caller cardinal.Caller, limit ownLimit, do func(*task) error) error {
	if err := isPerson(caller); err != nil {
		return err
	}
	var refused error
	err := d.store.Write(ctx, func(tx *store.Tx) error {
		user, err := tx.LockUser(ctx, caller.Customer, caller.User)
		if err != nil {
			return err
		}
		t, err := d.begin(ctx, tx, caller, user)
		if err != nil {
			return err
		}
		refused, err = d.ownIn(ctx, t, limit, do)
		return err
	})
	if err != nil {
		return err
	}
	return refused
}

// ownIn is changeOwn in a transaction under way, which must be committed also with
// a refusal.
func (d *Door) ownIn(ctx context.Context, t *task, limit ownLimit, do func(*task) error) (refused, err error) {
	if !limit.allowed.In(t.values) {
		return nil, cardinal.Errorf(cardinal.CodeNotFound, "There is no such page.")
	}
	within, err := t.count(ctx, limit)
	if err != nil {
		return nil, err
	}
	if !within {
		return cardinal.Errorf(cardinal.CodeRateLimited, "%s", limit.past), nil
	}
	return d.attemptOwn(ctx, t, do)
}

func (t *task) count(ctx context.Context, limit ownLimit) (bool, error) {
	most := limit.times.In(t.values)
	if most < 0 {
		return true, nil
	}
	key := store.ChangeKey{Customer: t.user.Customer, Subject: store.UserSubject(t.user.ID), Kind: limit.kind, Day: today(t.tx, t.values)}
	return t.tx.CountChange(ctx, key, most)
}
