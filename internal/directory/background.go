package directory

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"cardinal"
	"cardinal/internal/directory/people"
)

// Start takes the whole file, begins to import it and returns; the import goes
// on when ctx ends. What is wrong with the header line is returned before
// anything is written: an Error of CodeInvalid or CodeMalformed. Errors of file
// are wrapped. CodeRateLimited says that as many imports run as may,
// CodeUnavailable that the service is closing.
func (s *Service) Start(ctx context.Context, caller cardinal.Caller, file io.Reader, o Options) (cardinal.ImportID, error) {
	if err := mayImport(caller); err != nil {
		return "", err
	}
	if err := s.enter(); err != nil {
		return "", err
	}
	im, kept, err := s.receive(ctx, caller, file, o)
	if err != nil {
		s.leave()
		return "", err
	}
	return s.goOn(ctx, im, kept, o), nil
}

// goOn imports in the background, in the place that was entered.
func (s *Service) goOn(ctx context.Context, im *importer, kept *spool, o Options) cardinal.ImportID {
	id := im.run.ID // from here on the importer is the goroutine's
	go func() {
		defer s.leave()
		s.inBackground(context.WithoutCancel(ctx), im, kept, o)
	}()
	return id
}

// enter takes a place among the imports in the background.
func (s *Service) enter() error {
	s.entering.Lock()
	defer s.entering.Unlock()
	if s.isClosing() {
		return cardinal.Errorf(cardinal.CodeUnavailable, "Cardinal is being stopped. Try again shortly.")
	}
	select {
	case s.slots <- struct{}{}:
		s.running.Add(1)
		return nil
	default:
		busy := cardinal.Errorf(cardinal.CodeRateLimited, "%d imports are running already. Wait until one of them is over.", atOnce)
		busy.RetryAfter = 10 * time.Second
		return busy
	}
}

func (s *Service) leave() {
	<-s.slots
	s.running.Done()
}

func (s *Service) isClosing() bool {
	select {
	case <-s.closing:
		return true
	default:
		return false
	}
}

// receive keeps the file and puts the import on record. The header line is read
// first, so that a file that is none of people is refused at once.
func (s *Service) receive(ctx context.Context, caller cardinal.Caller, file io.Reader, o Options) (*importer, *spool, error) {
	kept, err := newSpool()
	if err != nil {
		return nil, nil, err
	}
	im, err := s.spooled(ctx, kept, caller, file, o)
	if err != nil {
		return nil, nil, errors.Join(err, kept.close())
	}
	return im, kept, nil
}

func (s *Service) spooled(ctx context.Context, kept *spool, caller cardinal.Caller, file io.Reader, o Options) (*importer, error) {
	if _, err := people.NewReader(io.TeeReader(file, kept)); err != nil {
		return nil, err
	}
	if _, err := io.Copy(kept, file); err != nil {
		return nil, fmt.Errorf("read the file: %w", err)
	}
	if err := kept.rewind(); err != nil {
		return nil, err
	}
	return s.importerOf(ctx, kept, caller, o)
}

// importerOf puts the import of a kept file on record.
func (s *Service) importerOf(ctx context.Context, kept *spool, caller cardinal.Caller, o Options) (*importer, error) {
	if err := kept.again(); err != nil {
		return nil, err
	}
	im, err := s.newImporter(caller, kept, o)
	if err != nil {
		return nil, err
	}
	im.run.FileLines = kept.lines()
	im.stopped = func() (State, bool) { return Interrupted, s.isClosing() }
	return im, im.begin(ctx)
}

// inBackground runs an import that nobody waits for. The file of a dry run that
// came to its end stays for the run that it was for.
func (s *Service) inBackground(ctx context.Context, im *importer, kept *spool, o Options) {
	over, err := im.work(ctx)
	if over.DryRun && over.State == Done && err == nil {
		err = s.kept.put(&keptFile{id: over.ID, customer: im.caller.Customer, file: kept, options: o})
	} else {
		err = errors.Join(err, kept.close())
	}
	attrs := []any{"import", string(over.ID), "customerId", string(im.caller.Customer), "requestId", im.caller.RequestID, "state", string(over.State), "lastLine", over.LastLine}
	if err != nil {
		s.log.ErrorContext(ctx, "import failed", append(attrs, "error", err)...)
		return
	}
	s.log.InfoContext(ctx, "import over", attrs...)
}

// Wait waits until no import runs in the background, or ctx ends.
func (s *Service) Wait(ctx context.Context) error {
	idle := make(chan struct{})
	go func() {
		s.running.Wait()
		close(idle)
	}()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for imports: %w", ctx.Err())
	}
}

// Close stops the imports in the background after their batch, marks them
// interrupted and waits for that until ctx ends. Start refuses from then on.
func (s *Service) Close(ctx context.Context) error {
	s.entering.Lock()
	s.close()
	s.entering.Unlock()
	s.kept.close()
	return s.Wait(ctx)
}
