-- name: InsertBulkRun :execrows
INSERT INTO bulk_runs (id, customer_id, kind, parameters, state, detail, actor, starter, total, done, unchanged, refused, cancelled,
                       node, leased_until, pins, pins_count, pins_at, started_at, changed_at, ended_at)
VALUES ($1, $2, $3, $4, 'running', '', $5, $6, $7, 0, 0, 0, FALSE, '', 0, 'none', 0, 0, $8, $8, 0)
ON CONFLICT (id) DO NOTHING;

-- name: BulkRun :one
SELECT * FROM bulk_runs WHERE customer_id = $1 AND id = $2;

-- name: LockBulkRun :one
UPDATE bulk_runs SET node = node WHERE customer_id = $1 AND id = $2 RETURNING *;

-- name: BulkRuns :many
SELECT * FROM bulk_runs WHERE customer_id = sqlc.arg(customer_id) AND id < sqlc.arg(before) ORDER BY id DESC LIMIT sqlc.arg(most);

-- name: FreeBulkRuns :many
SELECT * FROM bulk_runs WHERE state = 'running' AND leased_until <= sqlc.arg(now) ORDER BY leased_until, id LIMIT sqlc.arg(most);

-- name: ClaimBulkRun :execrows
UPDATE bulk_runs SET node = sqlc.arg(node), leased_until = sqlc.arg(leased_until)
WHERE id = sqlc.arg(id) AND state = 'running' AND leased_until <= sqlc.arg(now);

-- name: ReleaseBulkRun :exec
UPDATE bulk_runs SET node = '', leased_until = 0 WHERE id = sqlc.arg(id) AND node = sqlc.arg(node) AND state = 'running';

-- name: MoveBulkRun :exec
UPDATE bulk_runs SET state = $2, detail = $3, done = $4, unchanged = $5, refused = $6, leased_until = $7, pins = $8, pins_count = $9,
                     pins_at = $10, changed_at = $11, ended_at = $12
WHERE id = $1;

-- name: CancelBulkRun :execrows
UPDATE bulk_runs SET cancelled = TRUE WHERE customer_id = $1 AND id = $2 AND state = 'running';

-- name: BulkRunsWithPINs :many
SELECT * FROM bulk_runs WHERE pins = 'kept' AND ended_at > 0 AND ended_at <= sqlc.arg(ended) ORDER BY ended_at LIMIT sqlc.arg(most);

-- name: InsertBulkChunk :exec
INSERT INTO bulk_chunks (run_id, first, users) VALUES ($1, $2, $3);

-- name: BulkChunk :one
SELECT * FROM bulk_chunks WHERE run_id = sqlc.arg(run_id) AND first <= sqlc.arg(position) ORDER BY first DESC LIMIT 1;

-- name: DeleteBulkChunks :exec
DELETE FROM bulk_chunks WHERE run_id = $1;

-- name: InsertBulkReport :exec
INSERT INTO bulk_reports (run_id, last, done, unchanged, refused, lines) VALUES ($1, $2, $3, $4, $5, $6);

-- name: BulkReports :many
SELECT * FROM bulk_reports
WHERE run_id = sqlc.arg(run_id) AND last > sqlc.arg(after)
  AND done >= sqlc.arg(done) AND unchanged >= sqlc.arg(unchanged) AND refused >= sqlc.arg(refused)
ORDER BY last LIMIT sqlc.arg(most);

-- name: InsertBulkPINs :exec
INSERT INTO bulk_pins (run_id, last, key_version, sealed) VALUES ($1, $2, $3, $4);

-- name: BulkPINs :many
SELECT * FROM bulk_pins WHERE run_id = sqlc.arg(run_id) AND last > sqlc.arg(after) ORDER BY last LIMIT sqlc.arg(most);

-- name: DeleteBulkPINs :exec
DELETE FROM bulk_pins WHERE run_id = $1;

-- name: RequireNewPIN :execrows
UPDATE pins SET new_required = TRUE WHERE user_id = $1 AND id = $2 AND NOT new_required;

-- name: ShortenPIN :execrows
UPDATE pins SET expires_at = sqlc.arg(expires_at)
WHERE user_id = sqlc.arg(user_id) AND id = sqlc.arg(id) AND (expires_at = 0 OR expires_at > sqlc.arg(expires_at));
