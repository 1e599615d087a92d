package app

import "context"

// MeasureBacklogs is for tests.
func (a *App) MeasureBacklogs(ctx context.Context) { a.measureBacklogs(ctx) }
