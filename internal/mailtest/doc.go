// Package mailtest gives tests real mail servers: one in the process that
// fails as it is told (mailsink), Exim from Debian as a foreign one, and a
// service for OAuth tokens. All of them listen on loopback and are gone when
// their test is.
//
// It owns the servers, their certificates and their accounts. It knows nothing
// of what is sent. Only tests may import it.
package mailtest
