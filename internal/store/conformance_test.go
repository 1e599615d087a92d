package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cardinal"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

// The suites of this package are the contract that both databases keep. Each
// runs on both.

type node struct {
	*store.Store
	t *testing.T
}

// in is the node for a sub-test.
func (n node) in(t *testing.T) node { return node{n.Store, t} }

// write runs do in a transaction that must succeed.
func (n node) write(do func(context.Context, *store.Tx) error) {
	n.t.Helper()
	storetest.Write(n.t, n.Store, do)
}

// read runs do in a reading transaction that must succeed.
func (n node) read(do func(context.Context, *store.Tx) error) {
	n.t.Helper()
	storetest.Read(n.t, n.Store, do)
}

// refused runs do in a transaction that must fail with the code.
func (n node) refused(want cardinal.Code, do func(context.Context, *store.Tx) error) {
	n.t.Helper()
	_ = n.refusal(want, do)
}

// refusal is refused, and returns the error.
func (n node) refusal(want cardinal.Code, do func(context.Context, *store.Tx) error) error {
	n.t.Helper()
	err := n.Write(n.t.Context(), func(tx *store.Tx) error { return do(n.t.Context(), tx) })
	wantCode(n.t, err, want)
	return err
}

type suite func(t *testing.T, n node, d *storetest.Database, c cardinal.CustomerID)

// TestConformance runs the suites that need no database of their own: each has
// a customer of its own instead.
func TestConformance(t *testing.T) {
	suites := map[string]suite{
		"settings":                   testSettings,
		"audit entries":              testAuditEntries,
		"users come back as written": testUsersComeBackAsWritten,
		"users of another customer are not found":     testUsersOfAnotherCustomerAreNotFound,
		"text that no username can have is not found": testTextThatNoUsernameCanHaveIsNotFound,
		"passwords":                              testPasswords,
		"deleting a user takes what is theirs":   testDeletingAUserTakesWhatIsTheirs,
		"user search and pages":                  testUserSearchAndPages,
		"users by number end":                    testUsersByNumberEnd,
		"users are found without accents":        testUsersAreFoundWithoutAccents,
		"users with long names":                  testUsersWithLongNames,
		"a user in a list has what is theirs":    testAUserInAListHasWhatIsTheirs,
		"count users of role":                    testCountUsersOfRole,
		"PINs":                                   testPINs,
		"expired PINs":                           testExpiredPINs,
		"reseal only what was read":              testResealOnlyWhatWasRead,
		"many notifications":                     testManyNotifications,
		"PINs are noticed once":                  testPINsAreNoticedOnce,
		"retag PIN":                              testRetagPIN,
		"PIN history keeps the newest":           testPINHistoryKeepsTheNewest,
		"count PINs leaves out the expired":      testCountPINsLeavesOutTheExpired,
		"numbers":                                testNumbers,
		"PIN standing":                           testPINStanding,
		"change counts":                          testChangeCounts,
		"devices":                                testDevices,
		"counters":                               testCounters,
		"sign-ins":                               testSignIns,
		"many sign-ins":                          testManySignIns,
		"many counters":                          testManyCounters,
		"many devices":                           testManyDevices,
		"many holders":                           testManyHolders,
		"API tokens":                             testAPITokens,
		"sessions":                               testSessions,
		"idempotency keys":                       testIdempotencyKeys,
		"imports":                                testImports,
		"import reports":                         testImportReports,
		"a write is all or nothing":              testWriteIsAllOrNothing,
		"a read cannot write":                    testAReadCannotWrite,
		"a read sees one state":                  testReadSeesOneState,
		"one instant a transaction":              testOneInstantATransaction,
		"savepoint":                              testSavepoint,
		"savepoint survives a broken constraint": testSavepointSurvivesABrokenConstraint,
		"what a savepoint could not undo is not committed": testWhatASavepointCouldNotUndoIsNotCommitted,
		"waiting for the writer ends with the context":     testWaitingForTheWriterEndsWithTheContext,
		"callers who hang up leave the store usable":       testCallersWhoHangUpLeaveTheStoreUsable,
	}
	storetest.EachDatabase(t, func(t *testing.T, d *storetest.Database) {
		s, noon := d.Open(t), d.Clock.Now()
		for name, run := range suites {
			t.Run(name, func(t *testing.T) {
				d.Clock.Set(noon)
				run(t, node{s, t}, d, storetest.Customer(t, s, name).ID)
			})
		}
	})
}

// on runs a suite on both databases, with one node and a customer.
func on(t *testing.T, run suite) {
	t.Helper()
	storetest.EachDatabase(t, func(t *testing.T, d *storetest.Database) {
		n := node{d.Open(t), t}
		run(t, n, d, storetest.Customer(t, n.Store, "Pilsen Print").ID)
	})
}

func wantCode(t *testing.T, err error, want cardinal.Code) {
	t.Helper()
	if code := cardinal.CodeOf(err); code != want {
		t.Fatalf("code %q, want %q: %v", code, want, err)
	}
}

// taken asks for the violation that names the field of a taken key.
func taken(t *testing.T, err error, field string) {
	t.Helper()
	same(t, []string{field + " taken"}, names(cardinal.ViolationsOf(err), func(v cardinal.Violation) string { return v.Field + " " + string(v.Code) }))
}

func same(t *testing.T, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("not what was written (- want, + got):\n%s", diff)
	}
}

var errStop = errors.New("stop here")

// someTime is in milliseconds with none of them zero, and not in UTC.
func someTime() time.Time {
	return time.Date(2031, 7, 9, 23, 59, 58, 987_000_000, time.FixedZone("", 2*60*60))
}

func names[T any](list []T, name func(T) string) []string {
	got := []string{}
	for _, item := range list {
		got = append(got, name(item))
	}
	return got
}
