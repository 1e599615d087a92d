package directory

import (
	"context"
	"io"

	"cardinal"
)

// Start takes the whole file, begins to import it and returns at once; the
// import goes on when ctx ends. What is wrong with the header line is returned
// before anything is written: an Error of CodeInvalid or CodeMalformed. Errors
// of file are wrapped. CodeRateLimited says that too many imports run already.
func (s *Service) Start(ctx context.Context, caller cardinal.Caller, file io.Reader, o Options) (cardinal.ImportID, error) {
	return "", cardinal.Errorf(cardinal.CodeUnavailable, "Imports are not possible at the moment.")
}

// Wait waits until no import runs in the background, or ctx ends.
func (s *Service) Wait(ctx context.Context) error { return nil }

// Close stops the imports in the background after their batch, marks them
// interrupted and waits for that until ctx ends. Start refuses from then on.
func (s *Service) Close(ctx context.Context) error {
	s.close()
	return s.Wait(ctx)
}
