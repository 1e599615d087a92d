package store

import (
	"context"
	"fmt"
	"strings"

	"cardinal"
	"cardinal/internal/store/db"
)

// usersInBlock is how many users a search passes over at once where none of them
// can be meant. A block of more would be compressed by PostgreSQL, and slower.
const usersInBlock = 20

// sparseBlock is how many users a block has at least: one that has lost more is
// dissolved.
const sparseBlock = usersInBlock / 2

// blocksAtOnce is how many blocks one transaction writes, so that others wait for
// few milliseconds.
const blocksAtOnce = 10

// BlockUsers gathers the users of a customer who are new or renamed into blocks,
// with which a search of 100,000 takes milliseconds; until then it compares the
// texts of each of them. It leaves those who do not fill a block, returns how many
// it gathered, and may run on several nodes at a time.
func (s *Store) BlockUsers(ctx context.Context, c cardinal.CustomerID) (gathered int, err error) {
	for enough := true; enough; {
		if enough, err = s.aBlockIsFull(ctx, c); err != nil || !enough {
			break
		}
		n := 0
		err = s.Write(ctx, func(tx *Tx) (err error) {
			n, err = tx.blockSome(ctx, c)
			return err
		})
		if gathered += n; err != nil {
			return gathered, fmt.Errorf("gather users for the search: %w", err)
		}
		enough = n > 0 // or else another node is at it
	}
	if err != nil || gathered == 0 {
		return gathered, err
	}
	err = s.Write(ctx, func(tx *Tx) error {
		_, err := tx.q.DissolveBlocks(ctx, db.DissolveBlocksParams{CustomerID: string(c), Fewer: sparseBlock, Most: blocksAtOnce})
		if err != nil {
			return err
		}
		return tx.q.DropEmptyBlocks(ctx, string(c))
	})
	if err != nil {
		return gathered, fmt.Errorf("tidy the blocks of the search: %w", err)
	}
	return gathered, nil
}

// aBlockIsFull reports whether there are enough users in no block to make one.
func (s *Store) aBlockIsFull(ctx context.Context, c cardinal.CustomerID) (enough bool, err error) {
	err = s.Read(ctx, func(tx *Tx) error {
		users, err := tx.q.UsersInNoBlock(ctx, db.UsersInNoBlockParams{CustomerID: string(c), Limit: usersInBlock})
		enough = len(users) == usersInBlock
		return err
	})
	if err != nil {
		return false, fmt.Errorf("look for users for the search: %w", err)
	}
	return enough, nil
}

// blockSome writes up to blocksAtOnce full blocks.
func (tx *Tx) blockSome(ctx context.Context, c cardinal.CustomerID) (gathered int, err error) {
	users, err := tx.q.UsersInNoBlock(ctx, db.UsersInNoBlockParams{CustomerID: string(c), Limit: blocksAtOnce * usersInBlock})
	if err != nil || len(users) < usersInBlock {
		return 0, err
	}
	number, err := tx.q.LastSearchBlock(ctx, string(c))
	if err != nil {
		return 0, err
	}
	for ; len(users) >= usersInBlock; users = users[usersInBlock:] {
		number++
		added, err := tx.blockThose(ctx, c, number, users[:usersInBlock])
		if err != nil || !added { // another node is at it
			return gathered, err
		}
		gathered += usersInBlock
	}
	return gathered, nil
}

func (tx *Tx) blockThose(ctx context.Context, c cardinal.CustomerID, number int64, users []db.UsersInNoBlockRow) (added bool, err error) {
	keys := make([]string, len(users))
	for i, u := range users {
		keys[i] = u.SearchKey
	}
	rows, err := tx.q.InsertSearchBlock(ctx, db.InsertSearchBlockParams{CustomerID: string(c), Number: number, Keys: strings.Join(keys, "\n")})
	if err != nil || rows == 0 {
		return false, err
	}
	for _, u := range users {
		// Who was renamed since stays outside; the block is then looked into once too often.
		if err := tx.q.PutInBlock(ctx, db.PutInBlockParams{Number: number, ID: u.ID, SearchKey: u.SearchKey}); err != nil {
			return false, err
		}
	}
	return true, nil
}
