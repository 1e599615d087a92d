-- name: InsertWayBack :exec
INSERT INTO ways_back (token_hash, customer_id, user_id, kind, email, created_at, ends_at) VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: WayBack :one
SELECT sqlc.embed(ways_back), sqlc.embed(users) FROM ways_back
JOIN users ON users.id = ways_back.user_id WHERE ways_back.token_hash = $1;

-- name: DeleteWayBack :execrows
DELETE FROM ways_back WHERE token_hash = $1;

-- name: DeleteWaysBackOf :execrows
DELETE FROM ways_back WHERE customer_id = $1 AND user_id = $2 AND kind <> $3;

-- name: PruneWaysBack :execrows
DELETE FROM ways_back WHERE ends_at <= $1;

-- name: InsertWayAsked :exec
INSERT INTO ways_asked (id, customer_id, subject, created_at) VALUES ($1, $2, $3, $4);

-- name: CountWaysAsked :one
SELECT count(*) FROM ways_asked WHERE customer_id = $1 AND subject = $2 AND created_at > $3;

-- name: PruneWaysAsked :execrows
DELETE FROM ways_asked WHERE created_at < $1;

-- name: UsersByEmail :many
SELECT * FROM users WHERE users.customer_id = sqlc.arg(customer_id) AND lower(email) = lower(CAST(sqlc.arg(email) AS TEXT)) AND NOT disabled LIMIT sqlc.arg(most);
