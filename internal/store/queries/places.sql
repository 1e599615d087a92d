-- name: DevicesByName :many
SELECT * FROM devices
WHERE customer_id = sqlc.arg(customer_id) AND name_key > sqlc.arg(after)
  AND (CAST(sqlc.arg(pattern) AS TEXT) = '' OR name_key LIKE CAST(sqlc.arg(pattern) AS TEXT) ESCAPE '\')
ORDER BY name_key LIMIT sqlc.arg(most);

-- name: UsersAbove :many
SELECT * FROM users WHERE customer_id = sqlc.arg(customer_id) AND role <> 'user' AND username_key > sqlc.arg(after)
ORDER BY username_key LIMIT sqlc.arg(most);

-- name: LastAuditTime :one
SELECT time FROM audit_entries
WHERE customer_id = sqlc.arg(customer_id) AND subject = sqlc.arg(subject) AND action = sqlc.arg(action) AND time >= sqlc.arg(since)
ORDER BY number DESC LIMIT 1;

-- name: CustomerFigures :one
SELECT (SELECT count(*) FROM users WHERE users.customer_id = sqlc.arg(customer_id)) AS users,
       (SELECT count(*) FROM users WHERE users.customer_id = sqlc.arg(customer_id) AND users.role <> 'user') AS above,
       (SELECT count(*) FROM devices WHERE devices.customer_id = sqlc.arg(customer_id)) AS devices,
       (SELECT count(*) FROM api_tokens WHERE api_tokens.customer_id = sqlc.arg(customer_id)) AS tokens;

-- name: MarkCustomerDeleted :execrows
UPDATE customers SET deleted_at = sqlc.arg(deleted_at), name_key = '/deleted/' || id WHERE id = sqlc.arg(id) AND deleted_at = 0;

-- name: DeletedCustomers :many
SELECT id FROM customers WHERE deleted_at > 0 ORDER BY id;

-- name: DeleteSessionsOfCustomer :exec
DELETE FROM sessions WHERE customer_id = $1;

-- name: DeleteAPITokensOfCustomer :exec
DELETE FROM api_tokens WHERE customer_id = $1;

-- name: DeleteDevicesOfCustomer :exec
DELETE FROM devices WHERE customer_id = $1;

-- name: EraseUsers :execrows
DELETE FROM users WHERE id IN (
    SELECT picked.id FROM users picked WHERE picked.customer_id = sqlc.arg(customer_id) ORDER BY picked.username_key LIMIT sqlc.arg(most)
);

-- name: EraseSignIns :execrows
DELETE FROM sign_ins WHERE id IN (
    SELECT picked.id FROM sign_ins picked WHERE picked.customer_id = sqlc.arg(customer_id) ORDER BY picked.id LIMIT sqlc.arg(most)
);

-- name: EraseAuditEntries :execrows
DELETE FROM audit_entries WHERE audit_entries.customer_id = sqlc.arg(customer_id) AND audit_entries.number IN (
    SELECT picked.number FROM audit_entries picked WHERE picked.customer_id = sqlc.arg(customer_id) ORDER BY picked.number LIMIT sqlc.arg(most)
);

-- name: EraseEvents :execrows
DELETE FROM events WHERE events.customer_id = sqlc.arg(customer_id) AND events.number IN (
    SELECT picked.number FROM events picked WHERE picked.customer_id = sqlc.arg(customer_id) ORDER BY picked.number LIMIT sqlc.arg(most)
);

-- name: EraseNotifications :execrows
DELETE FROM notifications WHERE notifications.id IN (
    SELECT picked.id FROM notifications picked WHERE picked.customer_id = sqlc.arg(customer_id) ORDER BY picked.id LIMIT sqlc.arg(most)
);

-- name: EraseCounters :execrows
DELETE FROM counters WHERE counters.customer_id = sqlc.arg(customer_id) AND counters.subject IN (
    SELECT picked.subject FROM counters picked WHERE picked.customer_id = sqlc.arg(customer_id) ORDER BY picked.subject LIMIT sqlc.arg(most)
);

-- name: EraseImports :execrows
DELETE FROM imports WHERE id IN (
    SELECT picked.id FROM imports picked WHERE picked.customer_id = sqlc.arg(customer_id) ORDER BY picked.id LIMIT sqlc.arg(most)
);

-- name: EraseCustomer :execrows
DELETE FROM customers WHERE id = sqlc.arg(id) AND deleted_at > 0;

-- name: LockDeletedCustomer :execrows
UPDATE customers SET name = name WHERE id = $1 AND deleted_at > 0;
