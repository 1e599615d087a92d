-- name: InsertAPIToken :execrows
INSERT INTO api_tokens (id, customer_id, name, name_key, role, token_hash, created_by, created_at, expires_at, last_used_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0)
ON CONFLICT (customer_id, name_key) DO NOTHING;

-- name: APITokenByHash :one
SELECT * FROM api_tokens WHERE token_hash = $1;

-- name: APIToken :one
SELECT * FROM api_tokens WHERE customer_id = $1 AND id = $2;

-- name: APITokens :many
SELECT * FROM api_tokens WHERE customer_id = sqlc.arg(customer_id) AND id > sqlc.arg(after) ORDER BY id LIMIT sqlc.arg(most);

-- name: DeleteAPIToken :execrows
DELETE FROM api_tokens WHERE customer_id = $1 AND id = $2;

-- name: TouchAPIToken :exec
UPDATE api_tokens SET last_used_at = $2 WHERE id = $1 AND last_used_at < $2;

-- name: InsertSession :exec
INSERT INTO sessions (id, token_hash, customer_id, user_id, created_at, seen_at, confirmed_at, address, user_agent)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: SessionByToken :one
SELECT sqlc.embed(sessions), sqlc.embed(users) FROM sessions
JOIN users ON users.id = sessions.user_id WHERE sessions.token_hash = $1;

-- name: TouchSession :exec
UPDATE sessions SET seen_at = $2 WHERE id = $1 AND seen_at < $2;

-- name: DeleteSession :execrows
DELETE FROM sessions WHERE customer_id = $1 AND id = $2;

-- name: DeleteSessionsOfUser :execrows
DELETE FROM sessions WHERE customer_id = sqlc.arg(customer_id) AND user_id = sqlc.arg(user_id) AND id <> sqlc.arg(kept);

-- name: DeleteSessionsBefore :execrows
DELETE FROM sessions WHERE seen_at < $1 OR created_at < $2;

-- name: ClaimIdempotencyKey :execrows
INSERT INTO idempotency_keys (caller, key, customer_id, request_hash, state, status, body, created_at)
VALUES (sqlc.arg(caller), sqlc.arg(key), sqlc.arg(customer_id), sqlc.arg(request_hash), 'running', 0, sqlc.arg(empty), sqlc.arg(now))
ON CONFLICT (caller, key) DO UPDATE
SET request_hash = excluded.request_hash, state = 'running', status = 0, body = excluded.body, created_at = excluded.created_at
WHERE idempotency_keys.created_at < sqlc.arg(expired);

-- name: IdempotencyKey :one
SELECT * FROM idempotency_keys WHERE caller = $1 AND key = $2;

-- name: FinishIdempotencyKey :exec
UPDATE idempotency_keys SET state = $3, status = $4, body = $5 WHERE caller = $1 AND key = $2;

-- name: ReleaseIdempotencyKey :exec
DELETE FROM idempotency_keys WHERE caller = $1 AND key = $2;

-- name: PruneIdempotencyKeys :execrows
DELETE FROM idempotency_keys WHERE created_at < $1;

-- name: PruneCounters :execrows
DELETE FROM counters WHERE changed_at < sqlc.arg(forgotten) AND locked_until < sqlc.arg(now);

-- name: PruneChangeCounts :execrows
DELETE FROM change_counts WHERE day < $1;
