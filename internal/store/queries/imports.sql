-- name: InsertImport :exec
INSERT INTO imports (id, customer_id, state, dry_run, actor, detail, created, updated, unchanged, refused, last_line, cancelled,
                     started_at, changed_at, file_name, file_lines)
VALUES ($1, $2, $3, $4, $5, '', 0, 0, 0, 0, 0, FALSE, $6, $6, $7, $8);

-- name: ImportRun :one
SELECT * FROM imports WHERE customer_id = $1 AND id = $2;

-- name: ImportRuns :many
SELECT * FROM imports WHERE customer_id = sqlc.arg(customer_id) AND id < sqlc.arg(before) ORDER BY id DESC LIMIT sqlc.arg(most);

-- name: MoveImport :exec
UPDATE imports SET state = $2, detail = $3, created = $4, updated = $5, unchanged = $6, refused = $7, last_line = $8, changed_at = $9
WHERE id = $1;

-- name: CancelImport :execrows
UPDATE imports SET cancelled = TRUE WHERE customer_id = $1 AND id = $2 AND state = 'running';

-- name: InsertImportReport :exec
INSERT INTO import_reports (import_id, first_line, lines, results) VALUES ($1, $2, $3, $4);

-- name: ImportReports :many
SELECT * FROM import_reports WHERE import_id = sqlc.arg(import_id) AND first_line > sqlc.arg(after)
  AND (CAST(sqlc.arg(result) AS TEXT) = '' OR results LIKE '%' || CAST(sqlc.arg(result) AS TEXT) || '%')
ORDER BY first_line LIMIT sqlc.arg(most);
