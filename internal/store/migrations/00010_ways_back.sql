-- +goose Up
-- Links by e-mail for people who cannot get in. A link is there until it is used
-- or ends; its secret is kept as a hash only.
CREATE TABLE ways_back (
    token_hash  BYTEA  PRIMARY KEY,
    customer_id TEXT   NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    user_id     TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind        TEXT   NOT NULL,
    email       TEXT   NOT NULL, -- where it was sent: with another address it works no more
    created_at  BIGINT NOT NULL,
    ends_at     BIGINT NOT NULL
);
CREATE INDEX ways_back_customer ON ways_back (customer_id);
CREATE INDEX ways_back_user ON ways_back (user_id);
CREATE INDEX ways_back_ends_at ON ways_back (ends_at);

-- Who asked for a link, or from where, in the last hour.
CREATE TABLE ways_asked (
    id          TEXT   PRIMARY KEY,
    customer_id TEXT   NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    subject     TEXT   NOT NULL,
    created_at  BIGINT NOT NULL
);
CREATE INDEX ways_asked_subject ON ways_asked (customer_id, subject, created_at);
CREATE INDEX ways_asked_created_at ON ways_asked (created_at);

-- People ask by their address too, in whichever case.
CREATE INDEX users_email ON users (customer_id, lower(email));

-- +goose Down
DROP INDEX users_email;
DROP TABLE ways_asked;
DROP TABLE ways_back;
