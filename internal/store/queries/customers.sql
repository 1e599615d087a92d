-- name: KeyChecks :many
SELECT * FROM key_checks ORDER BY version;

-- name: InsertKeyCheck :exec
INSERT INTO key_checks (version, sum) VALUES ($1, $2) ON CONFLICT (version) DO NOTHING;

-- name: InsertCustomer :execrows
INSERT INTO customers (id, name, name_key, created_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (name_key) DO NOTHING;

-- name: RenameCustomer :execrows
UPDATE customers SET name = sqlc.arg(name), name_key = sqlc.arg(name_key)
WHERE customers.id = sqlc.arg(id)
  AND NOT EXISTS (SELECT 1 FROM customers other WHERE other.name_key = sqlc.arg(name_key) AND other.id <> sqlc.arg(id));

-- name: Customer :one
SELECT * FROM customers WHERE id = $1 AND deleted_at = 0;

-- name: CustomerByName :one
SELECT * FROM customers WHERE name_key = $1 AND deleted_at = 0;

-- name: Customers :many
SELECT * FROM customers WHERE id > sqlc.arg(after) AND deleted_at = 0 ORDER BY id LIMIT sqlc.arg(most);

-- name: Settings :many
SELECT * FROM settings WHERE customer_id = $1 ORDER BY key;

-- name: LockSettings :execrows
UPDATE customers SET name = name WHERE id = $1;

-- name: UpsertSetting :exec
INSERT INTO settings (customer_id, key, value, updated_at, revision) VALUES ($1, $2, $3, $4, 1)
ON CONFLICT (customer_id, key) DO UPDATE
SET value = excluded.value, updated_at = excluded.updated_at, revision = settings.revision + 1;

-- name: DeleteSetting :execrows
DELETE FROM settings WHERE customer_id = $1 AND key = $2;
