-- +goose Up
-- The instant of the last change of the PIN policy; 0 while it is as it was at first.
ALTER TABLE customers ADD COLUMN policy_changed_at BIGINT NOT NULL DEFAULT 0;
UPDATE customers SET policy_changed_at = COALESCE((
    SELECT MAX(settings.updated_at) FROM settings
    WHERE settings.customer_id = customers.id AND settings.key IN (
        'pin.min-length', 'pin.max-length', 'pin.characters', 'pin.disallow-sequential', 'pin.disallow-steps', 'pin.disallow-common',
        'pin.disallow-personal', 'pin.history', 'pin.generated-length', 'pin.generated-characters', 'pin.expiration-hours', 'pin.identifies-user'
    )), 0);

-- From here on the search key is the name, the e-mail and the username, each on a
-- line of its own: what users are searched in is what they are sorted by. The
-- program fills in those that are empty when it opens the database.
UPDATE users SET search_key = '';
CREATE INDEX users_unsearchable ON users (id) WHERE search_key = '';

-- The search keys of some twenty users in one text: a search passes over whole
-- blocks. A user whose key has changed since is in block 0, and in none of these.
ALTER TABLE users ADD COLUMN search_block BIGINT NOT NULL DEFAULT 0;
CREATE INDEX users_in_block ON users (customer_id, search_block);
CREATE TABLE search_blocks (
    customer_id TEXT   NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    number      BIGINT NOT NULL,
    keys        TEXT   NOT NULL,
    PRIMARY KEY (customer_id, number)
);

-- All that a list is sorted and narrowed by, so that it reads the index and no user.
CREATE INDEX users_list ON users (customer_id, search_key, role, source, id);
-- Identifiers sort by when they were made; beside one another in this order stand users and what is theirs.
CREATE INDEX users_made ON users (customer_id, id);
CREATE INDEX users_disabled ON users (customer_id) WHERE disabled;

CREATE INDEX pins_expiring ON pins (customer_id, expires_at, user_id) WHERE expires_at > 0;
CREATE INDEX pins_below_policy ON pins (customer_id) WHERE NOT policy_met;
CREATE INDEX pins_new_required ON pins (customer_id) WHERE new_required;
CREATE INDEX card_numbers_end ON card_numbers (customer_id, number_end);

-- Who has ever signed in at a device: a row is written once and outlives the record of sign-ins.
CREATE TABLE first_sign_ins (
    user_id     TEXT   PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    customer_id TEXT   NOT NULL,
    time        BIGINT NOT NULL
);
INSERT INTO first_sign_ins (user_id, customer_id, time)
SELECT sign_ins.user_id, sign_ins.customer_id, MIN(sign_ins.time) FROM sign_ins
JOIN users ON users.id = sign_ins.user_id
WHERE sign_ins.outcome = 'success' GROUP BY sign_ins.user_id, sign_ins.customer_id;

-- +goose Down
DROP TABLE first_sign_ins;
DROP INDEX card_numbers_end;
DROP INDEX pins_new_required;
DROP INDEX pins_below_policy;
DROP INDEX pins_expiring;
DROP INDEX users_disabled;
DROP INDEX users_made;
DROP INDEX users_list;
DROP INDEX users_unsearchable;
DROP TABLE search_blocks;
DROP INDEX users_in_block;
ALTER TABLE users DROP COLUMN search_block;
ALTER TABLE customers DROP COLUMN policy_changed_at;
