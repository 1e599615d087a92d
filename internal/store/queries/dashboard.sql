-- name: PINsDue :many
SELECT CAST(expires_at / sqlc.arg(step) AS BIGINT) AS slot, count(*) AS pins
FROM pins WHERE customer_id = sqlc.arg(customer_id) AND expires_at >= sqlc.arg(begin_time) AND expires_at < sqlc.arg(end_time)
GROUP BY slot ORDER BY slot;

-- name: CountOwnersOfNumbers :one
SELECT CAST((SELECT count(*) FROM card_numbers first WHERE first.customer_id = sqlc.arg(customer_id) AND first.slot = 'primary')
     + (SELECT count(*) FROM card_numbers second WHERE second.customer_id = sqlc.arg(customer_id) AND second.slot = 'secondary'
        AND NOT EXISTS (SELECT 1 FROM card_numbers other WHERE other.user_id = second.user_id AND other.slot = 'primary')) AS BIGINT);

-- name: CountUsersWithoutAddress :one
SELECT count(*) FROM users WHERE customer_id = $1 AND email = '';

-- name: CountLockedUsers :one
SELECT count(*) FROM counters WHERE customer_id = sqlc.arg(customer_id) AND locked_until > 0 AND locked_until > sqlc.arg(now) AND subject LIKE 'user %';

-- name: FirstSignInFrom :one
SELECT time FROM sign_ins WHERE customer_id = sqlc.arg(customer_id) AND id >= sqlc.arg(since) ORDER BY id LIMIT 1;

-- name: TallySignIns :many
SELECT outcome, CAST(sum(tries) AS BIGINT) AS tries FROM sign_ins
WHERE customer_id = sqlc.arg(customer_id) AND id >= sqlc.arg(since) AND id < sqlc.arg(before)
GROUP BY outcome ORDER BY outcome;

-- name: SignInsCountedUntil :one
SELECT until FROM sign_in_counted WHERE customer_id = $1;

-- name: BeginCountingSignIns :exec
INSERT INTO sign_in_counted (customer_id, until) VALUES ($1, $2) ON CONFLICT (customer_id) DO NOTHING;

-- name: MoveSignInsCounted :execrows
UPDATE sign_in_counted SET until = sqlc.arg(until) WHERE customer_id = sqlc.arg(customer_id) AND until = sqlc.arg(seen);

-- name: InsertSignInCount :exec
INSERT INTO sign_in_counts (customer_id, since, outcome, tries) VALUES ($1, $2, $3, $4) ON CONFLICT (customer_id, since, outcome) DO NOTHING;

-- name: SignInCounts :many
SELECT * FROM sign_in_counts WHERE customer_id = sqlc.arg(customer_id) AND since >= sqlc.arg(begin_time) ORDER BY since, outcome;

-- name: PruneSignInCounts :exec
DELETE FROM sign_in_counts WHERE customer_id = $1 AND since < $2;
