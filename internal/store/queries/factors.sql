-- name: SessionsOfUser :many
SELECT * FROM sessions WHERE customer_id = sqlc.arg(customer_id) AND user_id = sqlc.arg(user_id)
ORDER BY seen_at DESC, id LIMIT sqlc.arg(most);

-- name: RenewSession :execrows
UPDATE sessions SET token_hash = sqlc.arg(token_hash), confirmed_at = sqlc.arg(confirmed_at)
WHERE customer_id = sqlc.arg(customer_id) AND id = sqlc.arg(id);

-- name: ConfirmSession :execrows
UPDATE sessions SET confirmed_at = $3 WHERE customer_id = $1 AND id = $2;

-- name: InsertPendingSignIn :exec
INSERT INTO pending_sign_ins (token_hash, customer_id, user_id, created_at) VALUES ($1, $2, $3, $4);

-- name: PendingSignInByToken :one
SELECT sqlc.embed(pending_sign_ins), sqlc.embed(users) FROM pending_sign_ins
JOIN users ON users.id = pending_sign_ins.user_id WHERE pending_sign_ins.token_hash = $1;

-- name: DeletePendingSignIn :execrows
DELETE FROM pending_sign_ins WHERE token_hash = $1;

-- name: DeletePendingSignInsOfUser :exec
DELETE FROM pending_sign_ins WHERE customer_id = $1 AND user_id = $2;

-- name: PrunePendingSignIns :exec
DELETE FROM pending_sign_ins WHERE created_at < $1;

-- name: TOTPSecret :one
SELECT * FROM totp_secrets WHERE customer_id = $1 AND user_id = $2;

-- name: PutTOTPSecret :exec
INSERT INTO totp_secrets (user_id, customer_id, key_version, sealed, last_step, created_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (user_id) DO UPDATE
SET key_version = excluded.key_version, sealed = excluded.sealed, last_step = excluded.last_step, created_at = excluded.created_at;

-- name: UseTOTPStep :execrows
UPDATE totp_secrets SET last_step = sqlc.arg(step)
WHERE customer_id = sqlc.arg(customer_id) AND user_id = sqlc.arg(user_id) AND last_step < sqlc.arg(step);

-- name: DeleteTOTPSecret :execrows
DELETE FROM totp_secrets WHERE customer_id = $1 AND user_id = $2;

-- name: InsertPasskey :execrows
INSERT INTO passkeys (id, customer_id, user_id, credential_id, name, host, record, created_at, last_used_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)
ON CONFLICT (customer_id, credential_id) DO NOTHING;

-- name: PasskeysOfUser :many
SELECT * FROM passkeys WHERE customer_id = $1 AND user_id = $2 ORDER BY id;

-- name: UsePasskey :execrows
UPDATE passkeys SET record = sqlc.arg(record), last_used_at = sqlc.arg(last_used_at)
WHERE customer_id = sqlc.arg(customer_id) AND id = sqlc.arg(id);

-- name: DeletePasskey :execrows
DELETE FROM passkeys WHERE customer_id = $1 AND user_id = $2 AND id = $3;

-- name: DeletePasskeysOfUser :execrows
DELETE FROM passkeys WHERE customer_id = $1 AND user_id = $2;

-- name: PutPasskeyChallenge :exec
INSERT INTO passkey_challenges (owner, customer_id, user_id, purpose, data, created_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (owner) DO UPDATE
SET customer_id = excluded.customer_id, user_id = excluded.user_id, purpose = excluded.purpose, data = excluded.data, created_at = excluded.created_at;

-- name: PasskeyChallenge :one
SELECT * FROM passkey_challenges WHERE owner = $1;

-- name: DeletePasskeyChallenge :execrows
DELETE FROM passkey_challenges WHERE owner = $1 AND data = $2;

-- name: DeletePasskeyChallengesOfUser :exec
DELETE FROM passkey_challenges WHERE customer_id = $1 AND user_id = $2;

-- name: PrunePasskeyChallenges :exec
DELETE FROM passkey_challenges WHERE created_at < $1;

-- name: InsertRecoveryCode :exec
INSERT INTO recovery_codes (user_id, customer_id, code_hash) VALUES ($1, $2, $3);

-- name: DeleteRecoveryCode :execrows
DELETE FROM recovery_codes WHERE customer_id = $1 AND user_id = $2 AND code_hash = $3;

-- name: DeleteRecoveryCodes :execrows
DELETE FROM recovery_codes WHERE customer_id = $1 AND user_id = $2;

-- name: CountRecoveryCodes :one
SELECT COUNT(*) FROM recovery_codes WHERE customer_id = $1 AND user_id = $2;

-- name: HasSecondFactor :one
SELECT EXISTS (SELECT 1 FROM totp_secrets t WHERE t.customer_id = sqlc.arg(customer_id) AND t.user_id = sqlc.arg(user_id))
    OR EXISTS (SELECT 1 FROM passkeys p WHERE p.customer_id = sqlc.arg(customer_id) AND p.user_id = sqlc.arg(user_id)) AS has;

-- name: UsersWithSecondFactor :many
SELECT user_id FROM totp_secrets t WHERE t.customer_id = sqlc.arg(customer_id)
UNION
SELECT user_id FROM passkeys p WHERE p.customer_id = sqlc.arg(customer_id);

-- name: SetupStep :one
SELECT step FROM setup_steps WHERE customer_id = $1;

-- name: PutSetupStep :exec
INSERT INTO setup_steps (customer_id, step) VALUES ($1, $2) ON CONFLICT (customer_id) DO UPDATE SET step = excluded.step;

-- name: DeleteSetupStep :exec
DELETE FROM setup_steps WHERE customer_id = $1;
