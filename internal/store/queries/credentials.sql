-- name: PIN :one
SELECT * FROM pins WHERE user_id = $1;

-- name: PINByTag :one
SELECT * FROM pins WHERE customer_id = $1 AND key_version = $2 AND tag = $3;

-- name: UpsertPIN :execrows
INSERT INTO pins (user_id, customer_id, id, key_version, tag, identifying, generated, new_required, created_at, expires_at,
                  policy_known, policy_met, policy_checked_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, FALSE, $8, $9, TRUE, TRUE, $8)
ON CONFLICT DO NOTHING;

-- name: DeletePIN :execrows
DELETE FROM pins WHERE user_id = $1;

-- name: RetagPIN :execrows
UPDATE pins SET key_version = sqlc.arg(key_version), tag = sqlc.arg(tag), identifying = sqlc.arg(identifying)
WHERE pins.user_id = sqlc.arg(user_id) AND pins.id = sqlc.arg(id)
  AND NOT EXISTS (SELECT 1 FROM pins other WHERE other.customer_id = sqlc.arg(customer_id)
                  AND other.key_version = sqlc.arg(key_version) AND other.tag = sqlc.arg(tag));

-- name: SetPINPolicyMet :exec
UPDATE pins SET policy_known = TRUE, policy_met = $3, policy_checked_at = $4 WHERE user_id = $1 AND id = $2;

-- name: InsertPINHistory :exec
INSERT INTO pin_history (user_id, pin_id, key_version, tag) VALUES ($1, $2, $3, $4);

-- name: PINHistory :many
SELECT * FROM pin_history WHERE user_id = $1 ORDER BY pin_id DESC LIMIT $2;

-- name: PrunePINHistory :exec
DELETE FROM pin_history WHERE user_id = $1 AND pin_id < $2;

-- name: CardNumbers :many
SELECT * FROM card_numbers WHERE user_id = $1 ORDER BY slot;

-- name: CardNumberByTag :one
SELECT * FROM card_numbers WHERE customer_id = $1 AND key_version = $2 AND tag = $3;

-- name: InsertCardNumber :execrows
INSERT INTO card_numbers (user_id, slot, customer_id, key_version, tag, sealed, number_end, digits, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT DO NOTHING;

-- name: DeleteCardNumber :execrows
DELETE FROM card_numbers WHERE user_id = $1 AND slot = $2;

-- name: CountCardNumbers :one
SELECT count(*) FROM card_numbers WHERE customer_id = $1 AND digits = $2;

-- name: CountChange :execrows
INSERT INTO change_counts (customer_id, subject, kind, day, used)
VALUES (sqlc.arg(customer_id), sqlc.arg(subject), sqlc.arg(kind), sqlc.arg(day), 1)
ON CONFLICT (customer_id, subject, kind, day) DO UPDATE SET used = change_counts.used + 1
WHERE change_counts.used < sqlc.arg(most);

-- name: ChangeCount :one
SELECT used FROM change_counts WHERE customer_id = $1 AND subject = $2 AND kind = $3 AND day = $4;

-- name: DeleteChangeCounts :exec
DELETE FROM change_counts WHERE customer_id = $1 AND subject = $2;

-- name: CountPINs :one
SELECT count(*) FROM pins WHERE customer_id = sqlc.arg(customer_id)
  AND (expires_at = 0 OR expires_at > sqlc.arg(now));
