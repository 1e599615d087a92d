package auth

import (
	"crypto/rand"
	"strings"

	"cardinal"
)

// OneTimePassword draws a password of 80 random bits, in groups that can be read
// out over the telephone: the alphabet of rand.Text is without the digits that
// look like letters.
func OneTimePassword() cardinal.Password {
	text := strings.ToLower(rand.Text()[:16])
	return cardinal.NewPassword(text[:4] + "-" + text[4:8] + "-" + text[8:12] + "-" + text[12:])
}
