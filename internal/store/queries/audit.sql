-- name: InsertAuditHead :exec
INSERT INTO audit_heads (customer_id, number, mac) VALUES ($1, 0, $2);

-- name: LockAuditHead :one
UPDATE audit_heads SET number = number WHERE customer_id = $1 RETURNING number, mac;

-- name: AuditHead :one
SELECT number, mac FROM audit_heads WHERE customer_id = $1;

-- name: MoveAuditHead :exec
UPDATE audit_heads SET number = $2, mac = $3 WHERE customer_id = $1;

-- name: InsertAuditEntry :exec
INSERT INTO audit_entries (customer_id, number, time, actor, action, subject, before, after, address, key_version, mac)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: AuditEntriesUp :many
SELECT * FROM audit_entries WHERE customer_id = sqlc.arg(customer_id) AND number > sqlc.arg(after)
ORDER BY number LIMIT sqlc.arg(most);

-- name: AuditEntriesDown :many
SELECT * FROM audit_entries WHERE customer_id = sqlc.arg(customer_id) AND number < sqlc.arg(before_number)
  AND (CAST(sqlc.arg(subject) AS TEXT) = '' OR subject = CAST(sqlc.arg(subject) AS TEXT))
ORDER BY number DESC LIMIT sqlc.arg(most);
