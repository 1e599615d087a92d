package account_test

import (
	"context"
	"fmt"
	"testing"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

// BenchmarkPlaces reads what the pages of devices, tokens, administrators and
// customers show, of a customer with 100,000 users, 10,000 devices and 1,000
// tokens.
func BenchmarkPlaces(b *testing.B) {
	for _, kind := range storetest.Kinds() {
		b.Run(string(kind), func(b *testing.B) {
			d := storetest.New(b, kind)
			s := d.Open(b)
			c := storetest.Customer(b, s, "Pilsen Print").ID
			crowd(b, s, c)
			service := account.New(s, d.Ring, nil, nil, nil)
			console := cardinal.Console(c)
			for name, read := range map[string]func(context.Context) error{
				"devices": func(ctx context.Context) error {
					_, err := service.DeviceList(ctx, console, account.DeviceQuery{Limit: 50})
					return err
				},
				"devices found at the end": func(ctx context.Context) error {
					_, err := service.DeviceList(ctx, console, account.DeviceQuery{Text: "9999", Limit: 50})
					return err
				},
				"tokens": func(ctx context.Context) error {
					_, err := service.TokenViews(ctx, console, "", 51)
					return err
				},
				"administrators": func(ctx context.Context) error {
					_, err := service.Administrators(ctx, console, "", 50)
					return err
				},
				"customers": func(ctx context.Context) error {
					_, err := service.CustomerViews(ctx, console, "", 26)
					return err
				},
			} {
				b.Run(name, func(b *testing.B) {
					for b.Loop() {
						if err := read(b.Context()); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
			b.Run("deleting the customer", func(b *testing.B) {
				other := cardinal.Console(storetest.Customer(b, s, fmt.Sprint("Another ", b.N)).ID)
				for b.Loop() {
					err := service.DeleteCustomer(b.Context(), other, c)
					if err == nil {
						err = service.EraseDeleted(b.Context())
					}
					if err != nil && cardinal.CodeOf(err) != cardinal.CodeNotFound {
						b.Fatal(err)
					}
				}
			})
		})
	}
}

func crowd(b *testing.B, s *store.Store, c cardinal.CustomerID) {
	b.Helper()
	names := make([]string, 100_000)
	for i := range names {
		names[i] = fmt.Sprintf("user%06d", i)
	}
	users := storetest.Users(b, s, c, names...)
	storetest.Write(b, s, func(ctx context.Context, tx *store.Tx) error {
		for i := range 100 {
			users[i*1000].Role = cardinal.RoleHelpdesk
			if err := tx.UpdateUser(ctx, users[i*1000]); err != nil {
				return err
			}
		}
		for i := range 10_000 {
			name := fmt.Sprintf("Copier %d", i)
			if err := tx.AddDevice(ctx, cardinal.Device{ID: cardinal.DeviceID(tx.NewID()), Customer: c, Name: name}, []byte(name)); err != nil {
				return err
			}
		}
		for i := range 1000 {
			name := fmt.Sprintf("token %d", i)
			if err := tx.AddAPIToken(ctx, cardinal.APIToken{ID: cardinal.TokenID(tx.NewID()), Customer: c, Name: name}, []byte(name)); err != nil {
				return err
			}
		}
		return nil
	})
}
