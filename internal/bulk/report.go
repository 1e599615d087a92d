package bulk

import (
	"context"
	"encoding/json"
	"fmt"

	"cardinal"
	"cardinal/internal/audit"
	"cardinal/internal/store"
)

// Lines returns up to most outcomes of a run after a position, in the order of
// the work; a nonempty outcome asks for those alone. Fewer than most means that
// there are no more so far.
func (s *Service) Lines(ctx context.Context, caller cardinal.Caller, id cardinal.BulkID, only Outcome, after, most int) ([]Line, error) {
	if err := caller.Require(cardinal.PermReadUsers); err != nil {
		return nil, err
	}
	var least store.BulkReport
	switch only {
	case Changed:
		least.Done = 1
	case Unchanged:
		least.Unchanged = 1
	case Refused:
		least.Refused = 1
	}
	var lines []Line
	err := s.store.Read(ctx, func(tx *store.Tx) error {
		if _, err := tx.BulkRun(ctx, caller.Customer, id); err != nil {
			return err
		}
		lines = nil
		for position := after; len(lines) < most; {
			batches, err := tx.BulkReports(ctx, id, position, least, 1)
			if err != nil || len(batches) == 0 {
				return err
			}
			position = batches[0].Last
			var batch []Line
			if err := json.Unmarshal([]byte(batches[0].Lines), &batch); err != nil {
				return fmt.Errorf("report of bulk action %s: %w", id, err)
			}
			for _, line := range batch {
				if line.Position > after && (only == "" || line.Outcome == only) && len(lines) < most {
					lines = append(lines, line)
				}
			}
		}
		return nil
	})
	return lines, err
}

// exportLines is how many outcomes an export reads at a time.
const exportLines = 500

// Export calls write with every outcome of a run so far. That it was exported is
// on record before the first.
func (s *Service) Export(ctx context.Context, caller cardinal.Caller, id cardinal.BulkID, write func(Line) error) error {
	if err := caller.Require(cardinal.PermReadUsers); err != nil {
		return err
	}
	err := s.store.Write(ctx, func(tx *store.Tx) error {
		run, err := tx.BulkRun(ctx, caller.Customer, id)
		if err != nil {
			return err
		}
		return record(tx, caller, "bulk.exported", id, audit.Fields{"users": run.Position()})
	})
	for after := 0; err == nil; {
		var lines []Line
		lines, err = s.Lines(ctx, caller, id, "", after, exportLines)
		for _, line := range lines {
			if err := write(line); err != nil {
				return err
			}
			after = line.Position
		}
		if len(lines) < exportLines {
			break
		}
	}
	return err
}
