package setup

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"sync"

	"cardinal"
)

// Gate is the way in before there is any account: a link with a random token,
// printed on the console of whoever starts the program. The token lives in the
// memory of the process alone, as a hash. Safe for concurrent use; a new Gate
// admits nobody.
type Gate struct {
	mu   sync.Mutex
	hash []byte
}

// Open makes a new token, of 260 random bits, and forgets the one before.
func (g *Gate) Open() cardinal.Token {
	token := cardinal.NewToken(rand.Text() + rand.Text())
	sum := sha256.Sum256([]byte(token.Reveal()))
	g.mu.Lock()
	defer g.mu.Unlock()
	g.hash = sum[:]
	return token
}

// Admits reports, in constant time, whether the token is the one that opens.
func (g *Gate) Admits(token cardinal.Token) bool {
	sum := sha256.Sum256([]byte(token.Reveal()))
	g.mu.Lock()
	defer g.mu.Unlock()
	return subtle.ConstantTimeCompare(sum[:], g.hash) == 1
}

// Shut makes the token worth nothing.
func (g *Gate) Shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.hash = nil
}
