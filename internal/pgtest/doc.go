// Package pgtest gives tests a real PostgreSQL server: unprivileged, in a
// temporary directory, on a free loopback port, and gone when the test process
// is, even if that was killed.
//
// It owns the server and its empty databases. It knows nothing of Cardinal's
// tables; migrations are the business of whoever opens the URL. Only tests may
// import it.
package pgtest
