package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cardinal"
	"cardinal/internal/store/db"
)

// PendingSignIn is somebody who gave the right password and still owes the
// second factor; its secret is kept as a hash only.
type PendingSignIn struct {
	User      cardinal.User
	CreatedAt time.Time
}

// AddPendingSignIn writes a waiting sign-in of a user with the hash of its secret.
func (tx *Tx) AddPendingSignIn(ctx context.Context, u cardinal.User, tokenHash []byte) error {
	err := tx.q.InsertPendingSignIn(ctx, db.InsertPendingSignInParams{
		TokenHash: tokenHash, CustomerID: string(u.Customer), UserID: string(u.ID), CreatedAt: millis(tx.now),
	})
	if err != nil {
		return fmt.Errorf("write pending sign-in: %w", err)
	}
	return nil
}

// PendingSignInByToken finds a waiting sign-in with its user; CodeNotFound if
// there is none.
func (tx *Tx) PendingSignInByToken(ctx context.Context, tokenHash []byte) (PendingSignIn, error) {
	row, err := tx.q.PendingSignInByToken(ctx, tokenHash)
	return PendingSignIn{user(row.User), fromMillis(row.PendingSignIn.CreatedAt)}, found(err, "sign-in")
}

// EndPendingSignIn removes a waiting sign-in and reports whether it was there:
// of several who end the same one, one is told so.
func (tx *Tx) EndPendingSignIn(ctx context.Context, tokenHash []byte) (bool, error) {
	rows, err := tx.q.DeletePendingSignIn(ctx, tokenHash)
	if err != nil {
		return false, fmt.Errorf("end pending sign-in: %w", err)
	}
	return rows > 0, nil
}

// TOTPSecret is the sealed secret that a person's codes are computed from.
type TOTPSecret struct {
	KeyVersion int
	Sealed     []byte
	LastStep   int64 // codes of this step and of those before it work no more
	CreatedAt  time.Time
}

// TOTPSecret reads a user's; CodeNotFound if there is none.
func (tx *Tx) TOTPSecret(ctx context.Context, u cardinal.User) (TOTPSecret, error) {
	row, err := tx.q.TOTPSecret(ctx, db.TOTPSecretParams{CustomerID: string(u.Customer), UserID: string(u.ID)})
	return TOTPSecret{int(row.KeyVersion), row.Sealed, row.LastStep, fromMillis(row.CreatedAt)}, found(err, "authenticator app")
}

// PutTOTPSecret gives a user a secret in place of the one before.
func (tx *Tx) PutTOTPSecret(ctx context.Context, u cardinal.User, s TOTPSecret) error {
	err := tx.q.PutTOTPSecret(ctx, db.PutTOTPSecretParams{
		UserID: string(u.ID), CustomerID: string(u.Customer), KeyVersion: int64(s.KeyVersion), Sealed: s.Sealed,
		LastStep: s.LastStep, CreatedAt: millis(tx.now),
	})
	if err != nil {
		return fmt.Errorf("write authenticator app: %w", err)
	}
	return nil
}

// UseTOTPStep uses up the codes of a step and reports whether they were unused:
// of several who use the same one, one is told so.
func (tx *Tx) UseTOTPStep(ctx context.Context, u cardinal.User, step int64) (bool, error) {
	rows, err := tx.q.UseTOTPStep(ctx, db.UseTOTPStepParams{CustomerID: string(u.Customer), UserID: string(u.ID), Step: step})
	if err != nil {
		return false, fmt.Errorf("use code: %w", err)
	}
	return rows > 0, nil
}

// DeleteTOTPSecret removes a user's; one that is gone already stays gone.
func (tx *Tx) DeleteTOTPSecret(ctx context.Context, u cardinal.User) error {
	if _, err := tx.q.DeleteTOTPSecret(ctx, db.DeleteTOTPSecretParams{CustomerID: string(u.Customer), UserID: string(u.ID)}); err != nil {
		return fmt.Errorf("remove authenticator app: %w", err)
	}
	return nil
}

// Passkey is a key pair in a person's device or browser, of which Record holds
// the public half and what else is needed to check an answer.
type Passkey struct {
	ID           string
	CredentialID []byte // the browser's name for it, unique in the customer
	Name         string // the person's name for it
	Host         string // the only host it works at
	Record       string // JSON
	CreatedAt    time.Time
	LastUsedAt   time.Time // zero: never
}

func passkey(r db.Passkey) Passkey {
	return Passkey{
		ID: r.ID, CredentialID: r.CredentialID, Name: r.Name, Host: r.Host, Record: r.Record,
		CreatedAt: fromMillis(r.CreatedAt), LastUsedAt: fromMillis(r.LastUsedAt),
	}
}

// AddPasskey gives a user a passkey; CodeConflict if it is somebody's already.
func (tx *Tx) AddPasskey(ctx context.Context, u cardinal.User, p Passkey) error {
	rows, err := tx.q.InsertPasskey(ctx, db.InsertPasskeyParams{
		ID: p.ID, CustomerID: string(u.Customer), UserID: string(u.ID), CredentialID: p.CredentialID, Name: p.Name,
		Host: p.Host, Record: p.Record, CreatedAt: millis(tx.now),
	})
	return free(rows, err, "passkey", "name")
}

// Passkeys lists a user's passkeys, oldest first.
func (tx *Tx) Passkeys(ctx context.Context, u cardinal.User) ([]Passkey, error) {
	rows, err := tx.q.PasskeysOfUser(ctx, db.PasskeysOfUserParams{CustomerID: string(u.Customer), UserID: string(u.ID)})
	return each(rows, err, "passkeys", passkey)
}

// UsePasskey keeps the record as it is after a use at the transaction's instant.
func (tx *Tx) UsePasskey(ctx context.Context, u cardinal.User, p Passkey) error {
	rows, err := tx.q.UsePasskey(ctx, db.UsePasskeyParams{
		CustomerID: string(u.Customer), ID: p.ID, Record: p.Record, LastUsedAt: millis(tx.now),
	})
	return one(rows, err, "passkey")
}

// DeletePasskey removes one passkey of a user.
func (tx *Tx) DeletePasskey(ctx context.Context, u cardinal.User, id string) error {
	rows, err := tx.q.DeletePasskey(ctx, db.DeletePasskeyParams{CustomerID: string(u.Customer), UserID: string(u.ID), ID: id})
	return one(rows, err, "passkey")
}

// DeletePasskeys removes all passkeys of a user.
func (tx *Tx) DeletePasskeys(ctx context.Context, u cardinal.User) error {
	if _, err := tx.q.DeletePasskeysOfUser(ctx, db.DeletePasskeysOfUserParams{CustomerID: string(u.Customer), UserID: string(u.ID)}); err != nil {
		return fmt.Errorf("remove passkeys: %w", err)
	}
	return nil
}

// PasskeyChallenge is what a browser was asked to answer with a passkey.
type PasskeyChallenge struct {
	Owner     string // the session or waiting sign-in that asked; each has one at most
	Purpose   string
	Data      string // JSON
	CreatedAt time.Time
}

// PutPasskeyChallenge keeps a challenge in place of its owner's one before.
func (tx *Tx) PutPasskeyChallenge(ctx context.Context, u cardinal.User, c PasskeyChallenge) error {
	err := tx.q.PutPasskeyChallenge(ctx, db.PutPasskeyChallengeParams{
		Owner: c.Owner, CustomerID: string(u.Customer), UserID: string(u.ID), Purpose: c.Purpose, Data: c.Data, CreatedAt: millis(tx.now),
	})
	if err != nil {
		return fmt.Errorf("write challenge: %w", err)
	}
	return nil
}

// TakePasskeyChallenge returns an owner's challenge and uses it up; CodeNotFound
// if there is none, or if another transaction has just taken it.
func (tx *Tx) TakePasskeyChallenge(ctx context.Context, owner string) (PasskeyChallenge, error) {
	row, err := tx.q.PasskeyChallenge(ctx, owner)
	if err := found(err, "challenge"); err != nil {
		return PasskeyChallenge{}, err
	}
	rows, err := tx.q.DeletePasskeyChallenge(ctx, db.DeletePasskeyChallengeParams{Owner: owner, Data: row.Data})
	if err := one(rows, err, "challenge"); err != nil {
		return PasskeyChallenge{}, err
	}
	return PasskeyChallenge{row.Owner, row.Purpose, row.Data, fromMillis(row.CreatedAt)}, nil
}

// ReplaceRecoveryCodes gives a user these codes, by their hashes, in place of
// those before.
func (tx *Tx) ReplaceRecoveryCodes(ctx context.Context, u cardinal.User, hashes [][]byte) error {
	if _, err := tx.q.DeleteRecoveryCodes(ctx, db.DeleteRecoveryCodesParams{CustomerID: string(u.Customer), UserID: string(u.ID)}); err != nil {
		return fmt.Errorf("remove recovery codes: %w", err)
	}
	for _, hash := range hashes {
		err := tx.q.InsertRecoveryCode(ctx, db.InsertRecoveryCodeParams{UserID: string(u.ID), CustomerID: string(u.Customer), CodeHash: hash})
		if err != nil {
			return fmt.Errorf("write recovery code: %w", err)
		}
	}
	return nil
}

// UseRecoveryCode uses up a code and reports whether it was one of the user's.
func (tx *Tx) UseRecoveryCode(ctx context.Context, u cardinal.User, hash []byte) (bool, error) {
	rows, err := tx.q.DeleteRecoveryCode(ctx, db.DeleteRecoveryCodeParams{CustomerID: string(u.Customer), UserID: string(u.ID), CodeHash: hash})
	if err != nil {
		return false, fmt.Errorf("use recovery code: %w", err)
	}
	return rows > 0, nil
}

// CountRecoveryCodes is how many codes a user has left.
func (tx *Tx) CountRecoveryCodes(ctx context.Context, u cardinal.User) (int, error) {
	n, err := tx.q.CountRecoveryCodes(ctx, db.CountRecoveryCodesParams{CustomerID: string(u.Customer), UserID: string(u.ID)})
	if err != nil {
		return 0, fmt.Errorf("count recovery codes: %w", err)
	}
	return int(n), nil
}

// HasSecondFactor reports whether a user has an authenticator app or a passkey.
func (tx *Tx) HasSecondFactor(ctx context.Context, u cardinal.User) (bool, error) {
	has, err := tx.q.HasSecondFactor(ctx, db.HasSecondFactorParams{CustomerID: string(u.Customer), UserID: string(u.ID)})
	if err != nil {
		return false, fmt.Errorf("read second factor: %w", err)
	}
	return has.Bool, nil
}

// UsersWithSecondFactor lists who of a customer has an authenticator app or a
// passkey, in no order.
func (tx *Tx) UsersWithSecondFactor(ctx context.Context, c cardinal.CustomerID) ([]cardinal.UserID, error) {
	rows, err := tx.q.UsersWithSecondFactor(ctx, string(c))
	return each(rows, err, "second factors", func(id string) cardinal.UserID { return cardinal.UserID(id) })
}

// dropWaiting removes a user's waiting sign-ins and challenges.
func (tx *Tx) dropWaiting(ctx context.Context, u cardinal.User) error {
	signIns := tx.q.DeletePendingSignInsOfUser(ctx, db.DeletePendingSignInsOfUserParams{CustomerID: string(u.Customer), UserID: string(u.ID)})
	challenges := tx.q.DeletePasskeyChallengesOfUser(ctx, db.DeletePasskeyChallengesOfUserParams{CustomerID: string(u.Customer), UserID: string(u.ID)})
	if err := errors.Join(signIns, challenges); err != nil {
		return fmt.Errorf("end pending sign-ins: %w", err)
	}
	return nil
}

// pruneWaiting forgets waiting sign-ins and challenges made before.
func (tx *Tx) pruneWaiting(ctx context.Context, before time.Time) error {
	return errors.Join(tx.q.PrunePendingSignIns(ctx, millis(before)), tx.q.PrunePasskeyChallenges(ctx, millis(before)))
}

// SetupStep returns the next step of a customer's guided set-up, "" if it is done.
func (tx *Tx) SetupStep(ctx context.Context, c cardinal.CustomerID) (string, error) {
	step, err := tx.q.SetupStep(ctx, string(c))
	if err = found(err, "set-up"); cardinal.CodeOf(err) == cardinal.CodeNotFound {
		return "", nil
	}
	return step, err
}

// SetSetupStep notes the next step of a customer's guided set-up; "" ends it.
func (tx *Tx) SetSetupStep(ctx context.Context, c cardinal.CustomerID, step string) error {
	var err error
	if step == "" {
		err = tx.q.DeleteSetupStep(ctx, string(c))
	} else {
		err = tx.q.PutSetupStep(ctx, db.PutSetupStepParams{CustomerID: string(c), Step: step})
	}
	if err != nil {
		return fmt.Errorf("write set-up: %w", err)
	}
	return nil
}
