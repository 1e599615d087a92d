-- name: InsertUser :execrows
INSERT INTO users (id, customer_id, username, username_key, full_name, email, department, notes, role, disabled, source,
                   search_key, password_hash, password_must_change, created_at, updated_at, revision)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 1)
ON CONFLICT (customer_id, username_key) DO NOTHING;

-- name: UpdateUser :execrows
UPDATE users SET full_name = $3, email = $4, department = $5, notes = $6, role = $7, disabled = $8, search_key = $9,
                 search_block = CASE WHEN search_key = $9 THEN search_block ELSE 0 END, updated_at = $10, revision = revision + 1
WHERE customer_id = $1 AND id = $2;

-- name: SetPassword :execrows
UPDATE users SET password_hash = $3, password_must_change = $4, updated_at = $5, revision = revision + 1
WHERE customer_id = $1 AND id = $2;

-- name: User :one
SELECT * FROM users WHERE customer_id = $1 AND id = $2;

-- name: UserByName :one
SELECT * FROM users WHERE customer_id = $1 AND username_key = $2;

-- name: LockUser :one
UPDATE users SET revision = revision WHERE customer_id = $1 AND id = $2 RETURNING *;

-- name: LockUserByName :one
UPDATE users SET revision = revision WHERE customer_id = $1 AND username_key = $2 RETURNING *;

-- name: ReviseUser :execrows
UPDATE users SET revision = revision + 1, updated_at = $3 WHERE customer_id = $1 AND id = $2;

-- name: DeleteUser :execrows
DELETE FROM users WHERE customer_id = $1 AND id = $2;

-- name: CountUsers :one
SELECT count(*) FROM users WHERE customer_id = $1;

-- name: CountUsersOfRole :one
SELECT count(*) FROM users WHERE customer_id = $1 AND role = $2 AND NOT disabled;

-- name: UsersOfRole :many
SELECT * FROM users WHERE customer_id = $1 AND role = $2 AND NOT disabled;

-- name: UnsearchableUsers :many
SELECT * FROM users WHERE search_key = '' LIMIT $1;

-- name: SetSearchKey :exec
UPDATE users SET search_key = $2, search_block = 0 WHERE id = $1 AND search_key = '';

-- name: UsersInNoBlock :many
SELECT id, search_key FROM users WHERE customer_id = $1 AND search_block = 0 LIMIT $2;

-- name: LastSearchBlock :one
SELECT CAST(COALESCE(MAX(number), 0) AS BIGINT) FROM search_blocks WHERE customer_id = $1;

-- name: InsertSearchBlock :execrows
INSERT INTO search_blocks (customer_id, number, keys) VALUES ($1, $2, $3) ON CONFLICT (customer_id, number) DO NOTHING;

-- name: PutInBlock :exec
UPDATE users SET search_block = sqlc.arg(number) WHERE id = sqlc.arg(id) AND search_key = sqlc.arg(search_key) AND search_block = 0;

-- name: DissolveBlocks :execrows
UPDATE users SET search_block = 0
WHERE users.customer_id = sqlc.arg(customer_id) AND search_block IN (
    SELECT of_block.search_block FROM users of_block WHERE of_block.customer_id = sqlc.arg(customer_id) AND of_block.search_block > 0
    GROUP BY of_block.search_block HAVING COUNT(*) < sqlc.arg(fewer) LIMIT sqlc.arg(most));

-- name: DropEmptyBlocks :exec
DELETE FROM search_blocks
WHERE search_blocks.customer_id = $1
  AND NOT EXISTS (SELECT 1 FROM users WHERE users.customer_id = search_blocks.customer_id AND users.search_block = search_blocks.number);
