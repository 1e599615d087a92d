-- name: SignInFar :one
SELECT id, time FROM sign_ins
WHERE customer_id = sqlc.arg(customer_id) AND id < sqlc.arg(before) AND id >= sqlc.arg(since)
ORDER BY id DESC LIMIT 1 OFFSET sqlc.arg(far);

-- name: SignInOfUserFar :one
SELECT id, time FROM sign_ins
WHERE customer_id = sqlc.arg(customer_id) AND user_id = sqlc.arg(user_id) AND id < sqlc.arg(before) AND id >= sqlc.arg(since)
ORDER BY id DESC LIMIT 1 OFFSET sqlc.arg(far);

-- name: SearchSignIns :many
SELECT * FROM sign_ins
WHERE customer_id = sqlc.arg(customer_id) AND id < sqlc.arg(before) AND id >= sqlc.arg(since)
  AND time >= sqlc.arg(begin_time) AND time < sqlc.arg(end_time)
  AND (CAST(sqlc.arg(outcome) AS TEXT) = '' OR outcome = CAST(sqlc.arg(outcome) AS TEXT))
  AND outcome <> sqlc.arg(not_outcome)
  AND (CAST(sqlc.arg(device) AS TEXT) = '' OR device = CAST(sqlc.arg(device) AS TEXT))
  AND (CAST(sqlc.arg(username) AS TEXT) = '' OR username = CAST(sqlc.arg(username) AS TEXT))
  AND (CAST(sqlc.arg(number_end) AS TEXT) = '' OR lower(number_end) = CAST(sqlc.arg(number_end) AS TEXT))
ORDER BY id DESC LIMIT sqlc.arg(most);

-- name: SearchSignInsOfUser :many
SELECT * FROM sign_ins
WHERE customer_id = sqlc.arg(customer_id) AND user_id = sqlc.arg(user_id) AND id < sqlc.arg(before) AND id >= sqlc.arg(since)
  AND time >= sqlc.arg(begin_time) AND time < sqlc.arg(end_time)
  AND (CAST(sqlc.arg(outcome) AS TEXT) = '' OR outcome = CAST(sqlc.arg(outcome) AS TEXT))
  AND outcome <> sqlc.arg(not_outcome)
  AND (CAST(sqlc.arg(device) AS TEXT) = '' OR device = CAST(sqlc.arg(device) AS TEXT))
  AND (CAST(sqlc.arg(number_end) AS TEXT) = '' OR lower(number_end) = CAST(sqlc.arg(number_end) AS TEXT))
ORDER BY id DESC LIMIT sqlc.arg(most);

-- name: SearchAuditEntries :many
SELECT * FROM audit_entries
WHERE customer_id = sqlc.arg(customer_id) AND number < sqlc.arg(before_number) AND number >= sqlc.arg(since_number)
  AND time >= sqlc.arg(begin_time) AND time < sqlc.arg(end_time)
  AND (CAST(sqlc.arg(action) AS TEXT) = '' OR action = CAST(sqlc.arg(action) AS TEXT))
  AND (CAST(sqlc.arg(actor) AS TEXT) = '' OR lower(actor) LIKE CAST(sqlc.arg(actor) AS TEXT) ESCAPE '\')
  AND (CAST(sqlc.arg(subject) AS TEXT) = '' OR lower(subject) LIKE CAST(sqlc.arg(subject) AS TEXT) ESCAPE '\')
  AND (CAST(sqlc.arg(text) AS TEXT) = ''
       OR lower(subject || ' ' || before || ' ' || after || ' ' || address || ' ' || action) LIKE CAST(sqlc.arg(text) AS TEXT) ESCAPE '\')
ORDER BY number DESC LIMIT sqlc.arg(most);

-- name: SearchAuditEntriesAbout :many
SELECT * FROM audit_entries
WHERE customer_id = sqlc.arg(customer_id) AND subject = sqlc.arg(about) AND number < sqlc.arg(before_number)
  AND time >= sqlc.arg(begin_time) AND time < sqlc.arg(end_time)
  AND (CAST(sqlc.arg(action) AS TEXT) = '' OR action = CAST(sqlc.arg(action) AS TEXT))
  AND (CAST(sqlc.arg(actor) AS TEXT) = '' OR lower(actor) LIKE CAST(sqlc.arg(actor) AS TEXT) ESCAPE '\')
  AND (CAST(sqlc.arg(text) AS TEXT) = ''
       OR lower(subject || ' ' || before || ' ' || after || ' ' || address || ' ' || action) LIKE CAST(sqlc.arg(text) AS TEXT) ESCAPE '\')
ORDER BY number DESC LIMIT sqlc.arg(most);

-- name: AuditTime :one
SELECT time FROM audit_entries WHERE customer_id = $1 AND number = $2;
