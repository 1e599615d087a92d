package store

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"golang.org/x/text/unicode/norm"

	"cardinal"
	"cardinal/internal/store/db"
)

// searchNameMost is how many bytes of a name are searched and sorted by at most:
// PostgreSQL indexes rows of 2,704 bytes.
const searchNameMost = 1000

// searchKey is what users are searched in and sorted by: the name that lists show
// them under, their e-mail and their username, each on a line of its own.
func searchKey(u cardinal.User) string {
	name := unaccented(cmp.Or(u.FullName, u.Username))
	if len(name) > searchNameMost {
		name = strings.ToValidUTF8(name[:searchNameMost], "")
	}
	return name + "\n" + unaccented(u.Email) + "\n" + unaccented(u.Username)
}

// NameHas reports whether a search for the text finds the user by name, e-mail or
// username.
func NameHas(u cardinal.User, text string) bool {
	return strings.Contains(searchKey(u), unaccented(text))
}

// unaccented is the folded text without the marks of Latin, Greek and Cyrillic
// letters: who types no accents finds Élodie and Łukasz, and they stand where
// people look for them.
func unaccented(text string) string {
	folded := Fold(text)
	if isPlain(folded) {
		return folded
	}
	bare := strings.Map(func(r rune) rune {
		switch {
		case r >= 0x0300 && r <= 0x036f: // Combining Diacritical Marks
			return -1
		case r == 'ł':
			return 'l'
		case r == 'ø':
			return 'o'
		case r == 'đ', r == 'ð':
			return 'd'
		case r == 'ı':
			return 'i'
		}
		return r
	}, norm.NFD.String(folded))
	return norm.NFC.String(bare)
}

// contains makes the LIKE pattern for "has text in it", with nothing of text
// read as a wildcard. The text is in the form that the column is in.
func contains(text string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(text) + "%"
}

// makeSearchable writes the search keys that a migration has emptied.
func (s *Store) makeSearchable(ctx context.Context) error {
	const atOnce = 500
	for {
		var users []db.User
		err := s.Read(ctx, func(tx *Tx) (err error) {
			users, err = tx.q.UnsearchableUsers(ctx, atOnce)
			return err
		})
		if err != nil || len(users) == 0 {
			return err
		}
		err = s.Write(ctx, func(tx *Tx) error {
			for _, row := range users {
				if err := tx.q.SetSearchKey(ctx, db.SetSearchKeyParams{ID: row.ID, SearchKey: searchKey(user(row))}); err != nil {
					return fmt.Errorf("write search key: %w", err)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}
