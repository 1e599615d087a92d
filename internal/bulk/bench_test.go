package bulk

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/signin"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

// BenchmarkTenThousand does something to 10,000 users while 50 sign-ins a second
// come in, and tells how long those take, and how much memory is held at most.
// Run it with -benchtime=1x.
func BenchmarkTenThousand(b *testing.B) {
	for _, kind := range []Kind{IssuePINs, GenerateNumbers, Disable} {
		for _, database := range storetest.Kinds() {
			b.Run(fmt.Sprintf("%s/%s", kind, database), func(b *testing.B) {
				d := storetest.New(b, database)
				o := newOffice(b, d)
				o.people(b, 10_000)
				stop := running(d)
				defer stop()
				for b.Loop() {
					o.measure(b, Request{Kind: kind, Selection: everybody()})
				}
			})
		}
	}
}

// running lets the clock of a database run, for batches end by it.
func running(d *storetest.Database) (stop func()) {
	began, noon, done := time.Now(), d.Clock.Now(), make(chan struct{})
	var over sync.WaitGroup
	over.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(time.Millisecond):
				d.Clock.Set(noon.Add(time.Since(began)))
			}
		}
	})
	return func() {
		close(done)
		over.Wait()
	}
}

func (o *office) measure(b *testing.B, r Request) {
	b.Helper()
	if _, err := o.door.SetPIN(b.Context(), o.admin, "ada", cardinal.NewPIN("805913")); err != nil && cardinal.CodeOf(err) != cardinal.CodePolicyViolation {
		b.Fatal(err)
	}
	signs := signin.New(o.store, o.database.Ring, o.door.FindOwners, nil)
	device := cardinal.Caller{Kind: cardinal.CallerDevice, Customer: o.admin.Customer, Device: o.device(b), Name: "Copier"}
	quiet := signing(b, o, signs, device)
	time.Sleep(3 * time.Second)
	before, _ := quiet()
	busy := signing(b, o, signs, device)
	began := time.Now()
	id, err := o.NewID(b.Context())
	if err == nil {
		err = o.Start(b.Context(), o.admin, id, r)
	}
	started := time.Since(began)
	if err == nil {
		err = o.Wait(b.Context())
	}
	whole := time.Since(began)
	during, most := busy()
	if err != nil || len(during) == 0 || len(before) == 0 {
		b.Fatalf("%d sign-ins, %v", len(during), err)
	}
	milliseconds := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	b.ReportMetric(float64(o.see(b, o.admin, id).Done)/whole.Seconds(), "users/s")
	b.ReportMetric(milliseconds(started), "start-ms")
	b.ReportMetric(milliseconds(before[len(before)*99/100]), "quiet-p99-ms")
	b.ReportMetric(milliseconds(during[len(during)/2]), "signin-p50-ms")
	b.ReportMetric(milliseconds(during[len(during)*99/100]), "signin-p99-ms")
	b.ReportMetric(float64(most)/(1<<20), "heap-MiB")
}

// signing signs somebody in every 20 ms until the function that it returns is
// called, which gives how long each took, sorted, and the most memory in use.
func signing(b *testing.B, o *office, signs *signin.Service, device cardinal.Caller) func() (took []time.Duration, most uint64) {
	b.Helper()
	done := make(chan struct{})
	var took []time.Duration
	var most uint64
	var over sync.WaitGroup
	over.Go(func() {
		username, pin := o.admin.Name, cardinal.NewPIN("805913")
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
			}
			began := time.Now()
			if _, err := signs.SignIn(context.WithoutCancel(b.Context()), device, signin.Try{Username: &username, PIN: &pin}); err != nil {
				b.Error(err)
				return
			}
			took = append(took, time.Since(began))
			if i%25 == 0 {
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapAlloc)
			}
		}
	})
	return func() ([]time.Duration, uint64) {
		close(done)
		over.Wait()
		slices.Sort(took)
		return took, most
	}
}

func (o *office) device(b *testing.B) cardinal.DeviceID {
	b.Helper()
	var id cardinal.DeviceID
	storetest.Write(b, o.store, func(ctx context.Context, tx *store.Tx) error {
		id = cardinal.DeviceID(tx.NewID())
		return tx.AddDevice(ctx, cardinal.Device{ID: id, Customer: o.admin.Customer, Name: "Copier " + string(id)}, []byte(id))
	})
	return id
}
