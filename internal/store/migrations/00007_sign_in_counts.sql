-- +goose Up
-- How many tries ended how in a quarter of an hour, counted from sign_ins once it
-- is over, so that charts need not read the tries themselves. Every time zone of
-- today begins its hours at one of these quarters.
CREATE TABLE sign_in_counts (
    customer_id TEXT   NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    since       BIGINT NOT NULL, -- when the quarter began
    outcome     TEXT   NOT NULL,
    tries       BIGINT NOT NULL,
    PRIMARY KEY (customer_id, since, outcome)
);

-- The first quarter that is not counted yet.
CREATE TABLE sign_in_counted (
    customer_id TEXT   PRIMARY KEY REFERENCES customers (id) ON DELETE CASCADE,
    until       BIGINT NOT NULL
);

-- What the start page counts, each from an index alone. A sign-in writes here
-- only when it finds out something new about a PIN.
CREATE INDEX pins_standing ON pins (customer_id, expires_at, created_at, policy_met, policy_checked_at, identifying);
CREATE INDEX card_numbers_slot ON card_numbers (customer_id, slot, user_id);
CREATE INDEX users_without_address ON users (customer_id) WHERE email = '';
-- Most counters lock nobody: a try that does not lock writes nothing here.
CREATE INDEX counters_locked ON counters (customer_id, locked_until) WHERE locked_until > 0;

-- +goose Down
DROP INDEX counters_locked;
DROP INDEX users_without_address;
DROP INDEX card_numbers_slot;
DROP INDEX pins_standing;
DROP TABLE sign_in_counted;
DROP TABLE sign_in_counts;
