package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"cardinal"
	"cardinal/internal/signin"
)

// timings are how long sign-ins took.
type timings struct {
	took []time.Duration
	err  error
}

// at is the time within which that share of the sign-ins was answered.
func (t timings) at(share float64) time.Duration {
	if len(t.took) == 0 {
		return 0
	}
	slices.Sort(t.took)
	return t.took[min(len(t.took)-1, int(share*float64(len(t.took))))]
}

// signInUntil signs users in one after the other, with a pause between, until
// stop is closed.
func (h *house) signInUntil(ctx context.Context, stop <-chan struct{}, pause time.Duration) timings {
	var t timings
	for i := 0; ; i++ {
		select {
		case <-stop:
			return t
		case <-time.After(pause):
		}
		username, pin := fmt.Sprintf("signer%d", i%signers), cardinal.NewPIN(pinOf(i%signers))
		began := time.Now()
		if _, err := h.signIn.SignIn(ctx, h.device, signin.Try{Username: &username, PIN: &pin}); err != nil {
			t.err = fmt.Errorf("sign-in: %w", err)
			return t
		}
		t.took = append(t.took, time.Since(began))
	}
}

// watchMemory returns by how many MiB the memory that the process really has
// rose above what it had at first, at its peak, until stop is closed.
func watchMemory(stop <-chan struct{}) float64 {
	runtime.GC()
	debug.FreeOSMemory()
	idle, peak := resident(), 0.0
	for {
		select {
		case <-stop:
			return peak - idle
		case <-time.After(20 * time.Millisecond):
			peak = max(peak, resident())
		}
	}
}

// resident is the process's resident memory in MiB: where the system does not
// say, what Go has got from it.
func resident() float64 {
	status, err := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok && err == nil {
			kib, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 64)
			if err == nil {
				return kib / 1024
			}
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.Sys-m.HeapReleased) / (1 << 20)
}
