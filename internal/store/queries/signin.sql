-- name: InsertDevice :execrows
INSERT INTO devices (id, customer_id, name, name_key, methods, conversion, disabled, token_hash, created_at, last_seen_at, revision)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 1)
ON CONFLICT (customer_id, name_key) DO NOTHING;

-- name: UpdateDevice :execrows
UPDATE devices SET name = sqlc.arg(name), name_key = sqlc.arg(name_key), methods = sqlc.arg(methods),
                   conversion = sqlc.arg(conversion), disabled = sqlc.arg(disabled), revision = revision + 1
WHERE devices.customer_id = sqlc.arg(customer_id) AND devices.id = sqlc.arg(id)
  AND NOT EXISTS (SELECT 1 FROM devices other WHERE other.customer_id = sqlc.arg(customer_id)
                  AND other.name_key = sqlc.arg(name_key) AND other.id <> sqlc.arg(id));

-- name: SetDeviceToken :execrows
UPDATE devices SET token_hash = $3, revision = revision + 1 WHERE customer_id = $1 AND id = $2;

-- name: TouchDevice :exec
UPDATE devices SET last_seen_at = $2 WHERE id = $1 AND last_seen_at < $2;

-- name: Device :one
SELECT * FROM devices WHERE customer_id = $1 AND id = $2;

-- name: DeviceByToken :one
SELECT * FROM devices WHERE token_hash = $1;

-- name: LockDevice :one
UPDATE devices SET revision = revision WHERE customer_id = $1 AND id = $2 RETURNING *;

-- name: Devices :many
SELECT * FROM devices WHERE customer_id = sqlc.arg(customer_id) AND id > sqlc.arg(after) ORDER BY id LIMIT sqlc.arg(most);

-- name: DeleteDevice :execrows
DELETE FROM devices WHERE customer_id = $1 AND id = $2;

-- name: CountDevices :one
SELECT count(*) FROM devices WHERE customer_id = $1 AND NOT disabled;

-- name: MakeCounter :exec
INSERT INTO counters (customer_id, subject, wrong, changed_at, locked_until) VALUES ($1, $2, 0, 0, 0)
ON CONFLICT (customer_id, subject) DO NOTHING;

-- name: LockCounter :one
UPDATE counters SET wrong = wrong WHERE customer_id = $1 AND subject = $2 RETURNING wrong, changed_at, locked_until;

-- name: Counter :one
SELECT wrong, changed_at, locked_until FROM counters WHERE customer_id = $1 AND subject = $2;

-- name: SetCounter :exec
UPDATE counters SET wrong = $3, changed_at = $4, locked_until = $5 WHERE customer_id = $1 AND subject = $2;

-- name: InsertSignIn :exec
INSERT INTO sign_ins (id, customer_id, time, device_id, device, method, user_id, username, outcome, number_end, tries)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1)
ON CONFLICT (id) DO UPDATE SET tries = sign_ins.tries + 1;

-- name: SignIns :many
SELECT * FROM sign_ins WHERE customer_id = sqlc.arg(customer_id) AND id < sqlc.arg(before) ORDER BY id DESC LIMIT sqlc.arg(most);

-- name: SignInsOfUser :many
SELECT * FROM sign_ins WHERE customer_id = sqlc.arg(customer_id) AND user_id = sqlc.arg(user_id) AND id < sqlc.arg(before)
ORDER BY id DESC LIMIT sqlc.arg(most);
