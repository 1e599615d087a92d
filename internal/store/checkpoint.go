package store

import (
	"context"
	"database/sql"
)

// How long the log of an SQLite file gets, in pages, before its pages are moved
// into the file. A commit would do that at 1,000, and whoever waits for it would
// wait for a thousand writes all over the file: so it is done beside the commits,
// which go on writing behind. Only when nobody writes can the log begin anew, so
// from checkpointWhole on the last few pages are moved while writers wait. From
// checkpointLast on a commit does it, should nothing else have come to it.
const (
	checkpointSome  = 1000
	checkpointWhole = 4000
	checkpointLast  = 16000
)

// keepLogShort moves pages after commits until the engine is closed. A fault is
// left to the commit that meets it.
func (e *sqliteEngine) keepLogShort(ctx context.Context, conn *sql.Conn) {
	defer close(e.tidied)
	for {
		select {
		case <-e.closed:
			return
		case <-e.written:
		}
		length, moved := checkpoint(ctx, conn, "NOOP")
		if length-moved < checkpointSome {
			continue
		}
		if length, _ = checkpoint(ctx, conn, "PASSIVE"); length < checkpointWhole {
			continue
		}
		// Each time it is less that was written meanwhile.
		for range 2 {
			checkpoint(ctx, conn, "PASSIVE")
		}
		if _, giveBack, err := e.take(ctx, true); err == nil {
			checkpoint(ctx, conn, "PASSIVE")
			giveBack()
		}
	}
}

// checkpoint returns how many pages the log has and how many of them stand in the
// file by now; 0 and 0 where that cannot be said.
func checkpoint(ctx context.Context, conn *sql.Conn, mode string) (length, moved int) {
	var busy int
	if conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint("+mode+")").Scan(&busy, &length, &moved) != nil {
		return 0, 0
	}
	return length, moved
}

// noteWritten has somebody look how long the log has become.
func (e *sqliteEngine) noteWritten() {
	select {
	case e.written <- struct{}{}:
	default: // about to look in any case
	}
}
