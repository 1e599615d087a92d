package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"cardinal"
)

//go:embed migrations/*.sql
var migrations embed.FS

func (e *sqliteEngine) migrate(ctx context.Context) error {
	// Two programs that start on an empty file at once meet here; SQLite lets
	// one create the tables, and the other finds them made at its next try.
	const tries = 20
	var err error
	for range tries {
		if err = migrate(ctx, goose.DialectSQLite3, e.pool); err == nil || cardinal.CodeOf(err) != cardinal.CodeInternal {
			return err
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
	return err
}

func (e *postgresEngine) migrate(ctx context.Context) error {
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return migrate(ctx, goose.DialectPostgres, e.pool, goose.WithSessionLocker(locker))
}

func migrate(ctx context.Context, dialect goose.Dialect, pool *sql.DB, options ...goose.ProviderOption) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	provider, err := goose.NewProvider(dialect, pool, files, options...)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	current, target, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the version of the database: %w", err)
	}
	if current > target {
		return cardinal.Errorf(cardinal.CodeUnavailable,
			"The database was written by a newer Cardinal (version %d, this program knows %d). Start the newer program, or restore a backup made with this one.", current, target)
	}
	if current == target {
		return nil
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}
