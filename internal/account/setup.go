package account

import (
	"context"

	"cardinal"
	"cardinal/internal/audit"
	"cardinal/internal/store"
)

// SetupStep is a step of the guided set-up that comes after the organisation
// and its first administrator are there.
type SetupStep string

// The steps, in their order; SetupDone is the end.
const (
	SetupPolicy SetupStep = "policy"
	SetupPeople SetupStep = "people"
	SetupDevice SetupStep = "device"
	SetupDone   SetupStep = ""
)

// Known reports whether s is a step or the end.
func (s SetupStep) Known() bool {
	switch s {
	case SetupPolicy, SetupPeople, SetupDevice, SetupDone:
		return true
	}
	return false
}

// SetupStep returns where the set-up of the caller's customer goes on. Customers
// that were not made by the guided set-up have none to finish.
func (s *Service) SetupStep(ctx context.Context, caller cardinal.Caller) (SetupStep, error) {
	return read(ctx, s, caller, cardinal.PermWriteOptions, func(tx *store.Tx) (SetupStep, error) {
		step, err := tx.SetupStep(ctx, caller.Customer)
		return SetupStep(step), err
	})
}

// SetSetupStep notes where the set-up of the caller's customer goes on.
func (s *Service) SetSetupStep(ctx context.Context, caller cardinal.Caller, step SetupStep) error {
	if err := caller.Require(cardinal.PermWriteOptions); err != nil {
		return err
	}
	if !step.Known() {
		return cardinal.Invalid("step", "There is no such step of the set-up.")
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		before, err := tx.SetupStep(ctx, caller.Customer)
		if err != nil || before == string(step) {
			return err
		}
		if err := tx.SetSetupStep(ctx, caller.Customer, string(step)); err != nil {
			return err
		}
		if step != SetupDone {
			return nil // nothing that the customer is or has was changed
		}
		return record(tx, caller, "setup.finished", "customer", audit.Fields{"step": before}, audit.Fields{})
	})
}
