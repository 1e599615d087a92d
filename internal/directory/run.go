package directory

import (
	"context"
	"io"

	"cardinal"
)

// Run imports a file and returns when it is over. Progress, which may be nil,
// is told after each batch, and its error stops the import. What is wrong with
// the header line is returned before anything is written. When ctx ends, the
// import stops after its batch as Cancelled, without an error. A dry run by Run
// is not among Imports.
func (s *Service) Run(ctx context.Context, caller cardinal.Caller, file io.Reader, o Options, progress func(Progress) error) (Import, error) {
	im, err := s.newImporter(caller, file, o)
	if err != nil {
		return Import{}, err
	}
	if progress != nil {
		im.progress = progress
	}
	im.stopped = func() (State, bool) { return Cancelled, ctx.Err() != nil }
	unbound := context.WithoutCancel(ctx) // a batch that has begun is finished
	if o.DryRun {
		im.run.StartedAt = s.store.Now()
	} else if err := im.begin(unbound); err != nil {
		return Import{}, err
	}
	return im.work(unbound)
}
