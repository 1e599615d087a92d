-- name: PolicyChangedAt :one
SELECT policy_changed_at FROM customers WHERE id = $1;

-- name: SetPolicyChangedAt :execrows
UPDATE customers SET policy_changed_at = $2 WHERE id = $1;

-- name: PINStanding :one
SELECT count(*) AS live,
       count(*) FILTER (WHERE created_at < sqlc.arg(changed_at)) AS before_policy,
       count(*) FILTER (WHERE NOT policy_met AND policy_checked_at >= sqlc.arg(changed_at)) AS below_policy,
       count(*) FILTER (WHERE NOT identifying) AS not_identifying
FROM pins WHERE customer_id = sqlc.arg(customer_id) AND (expires_at = 0 OR expires_at > sqlc.arg(now));
