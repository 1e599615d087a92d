package auth_test

import (
	"context"
	"testing"

	"cardinal"
	"cardinal/internal/seal"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

// A device is looked up once; what has become of it since is for whoever takes
// its proof to find out, and then it is looked up again.
func TestADeviceIsRemembered(t *testing.T) {
	o := newOffice(t, storetest.New(t, storetest.SQLite))
	printer, id := o.device("Printer", false)
	ask := func(want cardinal.Code) cardinal.Caller {
		t.Helper()
		caller, err := o.service.Device(t.Context(), printer, o.from)
		if cardinal.CodeOf(err) != want {
			t.Fatalf("answered %v", err)
		}
		return caller
	}
	first := ask("")
	if first.Device != id || first.Proof != string(seal.TokenHash(printer)) || first.Address != o.from.Address || first.RequestID != o.from.RequestID {
		t.Errorf("the device is known as %+v", first)
	}
	storetest.Write(t, o.store, func(ctx context.Context, tx *store.Tx) error {
		device, err := tx.Device(ctx, o.customer, id)
		if err != nil {
			return err
		}
		device.Disabled = true
		return tx.UpdateDevice(ctx, device)
	})
	if again := ask(""); again != first {
		t.Errorf("the device is known as %+v", again)
	}
	o.service.ForgetDevice(first)
	ask(cardinal.CodeUnauthenticated)
	for range 2 { // what is nobody's is not remembered
		if _, err := o.service.Device(t.Context(), seal.NewToken(seal.DeviceToken), o.from); cardinal.CodeOf(err) != cardinal.CodeUnauthenticated {
			t.Errorf("answered %v", err)
		}
	}
}
