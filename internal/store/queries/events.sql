-- name: MoveEventHead :one
INSERT INTO event_heads (customer_id, number) VALUES ($1, $2)
ON CONFLICT (customer_id) DO UPDATE SET number = event_heads.number + excluded.number
RETURNING number;

-- name: InsertEvent :exec
INSERT INTO events (customer_id, number, type, time, user_id, attributes) VALUES ($1, $2, $3, $4, $5, $6);

-- name: EventsUp :many
SELECT * FROM events WHERE customer_id = sqlc.arg(customer_id) AND number > sqlc.arg(after) ORDER BY number LIMIT sqlc.arg(most);

-- name: ForgetEvents :execrows
DELETE FROM events WHERE customer_id = sqlc.arg(customer_id) AND number <= sqlc.arg(last);
