-- +goose Up
-- PINs by their end and their user: what is due, what expires, and what the start
-- page counts are read from this one index, where each of two took its time at
-- every PIN that came or went.
DROP INDEX pins_expiring;
DROP INDEX pins_standing;
CREATE INDEX pins_by_end ON pins (customer_id, expires_at, user_id, created_at, policy_met, policy_checked_at, identifying);

-- +goose Down
DROP INDEX pins_by_end;
CREATE INDEX pins_standing ON pins (customer_id, expires_at, created_at, policy_met, policy_checked_at, identifying);
CREATE INDEX pins_expiring ON pins (customer_id, expires_at, user_id) WHERE expires_at > 0;
