package directory

import (
	"context"
	"sync"
	"time"

	"cardinal"
)

// How long the file of a dry run is kept for the run that may follow it, and how
// many such files a node keeps: the oldest makes place.
const (
	keptFor  = time.Hour
	keptMost = 4
)

// shelf keeps the files of dry runs, sealed as they were while the dry run went
// on, and on this node alone. Safe for concurrent use.
type shelf struct {
	mu     sync.Mutex
	closed bool
	files  []*keptFile // the oldest first
}

type keptFile struct {
	id       cardinal.ImportID
	customer cardinal.CustomerID
	file     *spool
	options  Options
	timer    *time.Timer
}

// put takes a file over.
func (s *shelf) put(f *keptFile) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return f.file.close()
	}
	f.timer = time.AfterFunc(keptFor, func() {
		if gone := s.take(f.customer, f.id); gone != nil {
			_ = gone.file.close() // the file has no name any more, and nobody waits for it
		}
	})
	s.files = append(s.files, f)
	if len(s.files) <= keptMost {
		return nil
	}
	oldest := s.files[0]
	s.files = s.files[1:]
	oldest.timer.Stop()
	return oldest.file.close()
}

// take gives a customer's file away, nil where there is none.
func (s *shelf) take(customer cardinal.CustomerID, id cardinal.ImportID) *keptFile {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.files {
		if f.customer == customer && f.id == id {
			f.timer.Stop()
			s.files = append(s.files[:i:i], s.files[i+1:]...)
			return f
		}
	}
	return nil
}

func (s *shelf) has(customer cardinal.CustomerID, id cardinal.ImportID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.files {
		if f.customer == customer && f.id == id {
			return true
		}
	}
	return false
}

// close forgets all files and keeps none from then on.
func (s *shelf) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, f := range s.files {
		f.timer.Stop()
		_ = f.file.close() // the file has no name any more, and nobody waits for it
	}
	s.files = nil
}

// Kept reports whether StartKept can run what a dry run has tried: for an hour
// after it, on the node that did it, until Cardinal stops or newer ones take its
// place.
func (s *Service) Kept(caller cardinal.Caller, dryRun cardinal.ImportID) bool {
	return mayImport(caller) == nil && s.kept.has(caller.Customer, dryRun)
}

// StartKept begins to import the file of a dry run, with the same options, and
// returns; it can be done once. Errors are those of Start, and CodeNotFound
// where the file is not kept here any more: then it must be sent again.
func (s *Service) StartKept(ctx context.Context, caller cardinal.Caller, dryRun cardinal.ImportID) (cardinal.ImportID, error) {
	if err := mayImport(caller); err != nil {
		return "", err
	}
	if err := s.enter(); err != nil {
		return "", err
	}
	f := s.kept.take(caller.Customer, dryRun)
	if f == nil {
		s.leave()
		return "", cardinal.Errorf(cardinal.CodeNotFound, "The file is not kept any more. Choose it again.")
	}
	f.options.DryRun = false
	im, err := s.importerOf(ctx, f.file, caller, f.options)
	if err != nil {
		s.leave()
		f.options.DryRun = true
		if err := s.kept.put(f); err != nil {
			s.log.ErrorContext(ctx, "file of a dry run lost", "import", string(dryRun), "error", err)
		}
		return "", err
	}
	return s.goOn(ctx, im, f.file, f.options), nil
}
