-- +goose Up
-- Audit entries name API tokens by their names, so a name is one token's alone.
-- Where it was not, the later ones get their identifiers added.
ALTER TABLE api_tokens ADD COLUMN name_key TEXT NOT NULL DEFAULT '';
UPDATE api_tokens SET name = name || ' ' || id WHERE EXISTS (
    SELECT 1 FROM api_tokens earlier
    WHERE earlier.customer_id = api_tokens.customer_id AND earlier.id < api_tokens.id AND lower(earlier.name) = lower(api_tokens.name)
);
UPDATE api_tokens SET name_key = lower(name);
CREATE UNIQUE INDEX api_tokens_name ON api_tokens (customer_id, name_key);

-- The few people who are more than users.
CREATE INDEX users_above ON users (customer_id, username_key) WHERE role <> 'user';

-- A customer that was deleted is out of sight at once; its rows go in the background.
ALTER TABLE customers ADD COLUMN deleted_at BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE customers DROP COLUMN deleted_at;
DROP INDEX users_above;
DROP INDEX api_tokens_name;
ALTER TABLE api_tokens DROP COLUMN name_key;
