package directory

import (
	"context"
	"io"

	"cardinal"
)

// Run imports a file and returns when it is over. Progress, which may be nil,
// is told after each batch, and its error stops the import. What is wrong with
// the header line is returned before anything is written. When ctx ends the
// import stops after its batch as interrupted, without an error. A dry run by
// Run writes nothing at all and is not among Imports.
func (s *Service) Run(ctx context.Context, caller cardinal.Caller, file io.Reader, o Options, progress func(Progress) error) (Import, error) {
	return Import{}, cardinal.Errorf(cardinal.CodeUnavailable, "Imports are not possible at the moment.")
}
