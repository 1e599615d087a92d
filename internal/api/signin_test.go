package api_test

import (
	"testing"

	"cardinal"
)

// What is done to a device holds for its next try, although its token is
// remembered.
func TestATokenOfADeviceIsWorthWhatItIsNow(t *testing.T) {
	i := install(t)
	device, token, err := i.services.Accounts.CreateDevice(t.Context(), i.console, cardinal.Device{Name: "printer"})
	if err != nil {
		t.Fatal(err)
	}
	printer := i.device("another")
	printer.token = token.Reveal()
	try := func(code string) {
		t.Helper()
		refused := printer.do("POST", "/api/v1/sign-in", `{"username":"nobody","pin":"1"}`).want(401)
		if got := refused.object()["code"]; got != code {
			t.Fatalf("answered %v, want %s", got, code)
		}
	}
	disable := func(disabled bool) {
		t.Helper()
		device.Disabled = disabled
		if device, err = i.services.Accounts.UpdateDevice(t.Context(), i.console, device); err != nil {
			t.Fatal(err)
		}
	}
	try("sign_in_failed")
	disable(true)
	try("unauthenticated")
	try("unauthenticated")
	disable(false)
	try("sign_in_failed")
	next, err := i.services.Accounts.RenewDeviceToken(t.Context(), i.console, device.ID)
	if err != nil {
		t.Fatal(err)
	}
	try("unauthenticated")
	printer.token = next.Reveal()
	try("sign_in_failed")
	if device, err = i.services.Accounts.Device(t.Context(), i.console, device.ID); err != nil {
		t.Fatal(err)
	}
	if err := i.services.Accounts.DeleteDevice(t.Context(), i.console, device.ID, device.Revision); err != nil {
		t.Fatal(err)
	}
	try("unauthenticated")
	try("unauthenticated")
}
