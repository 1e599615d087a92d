-- +goose Up
-- One text for SQLite and PostgreSQL. Times are milliseconds UTC, 0 means none;
-- identifiers are texts; booleans, JSON and secrets' tags as their columns say.
-- No column ever holds a PIN, a password, a token or a whole card number in clear.

CREATE TABLE key_checks (
    version BIGINT PRIMARY KEY,
    sum     BYTEA  NOT NULL
);

CREATE TABLE customers (
    id         TEXT   PRIMARY KEY,
    name       TEXT   NOT NULL,
    name_key   TEXT   NOT NULL UNIQUE,
    created_at BIGINT NOT NULL
);

-- The last entry of each customer's audit chain; its row lock orders the entries.
CREATE TABLE audit_heads (
    customer_id TEXT   PRIMARY KEY REFERENCES customers (id) ON DELETE CASCADE,
    number      BIGINT NOT NULL,
    mac         BYTEA  NOT NULL
);

CREATE TABLE audit_entries (
    customer_id TEXT   NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    number      BIGINT NOT NULL,
    time        BIGINT NOT NULL,
    actor       TEXT   NOT NULL,
    action      TEXT   NOT NULL,
    subject     TEXT   NOT NULL,
    before      TEXT   NOT NULL,
    after       TEXT   NOT NULL,
    address     TEXT   NOT NULL,
    key_version BIGINT NOT NULL,
    mac         BYTEA  NOT NULL,
    PRIMARY KEY (customer_id, number)
);
CREATE INDEX audit_entries_subject ON audit_entries (customer_id, subject, number);

CREATE TABLE settings (
    customer_id TEXT   NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    key         TEXT   NOT NULL,
    value       TEXT   NOT NULL, -- JSON
    updated_at  BIGINT NOT NULL,
    revision    BIGINT NOT NULL,
    PRIMARY KEY (customer_id, key)
);

CREATE TABLE users (
    id                   TEXT    PRIMARY KEY,
    customer_id          TEXT    NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    username             TEXT    NOT NULL,
    username_key         TEXT    NOT NULL,
    full_name            TEXT    NOT NULL,
    email                TEXT    NOT NULL,
    department           TEXT    NOT NULL,
    notes                TEXT    NOT NULL,
    role                 TEXT    NOT NULL,
    disabled             BOOLEAN NOT NULL,
    source               TEXT    NOT NULL,
    search_key           TEXT    NOT NULL, -- name, username and e-mail, folded
    password_hash        TEXT    NOT NULL, -- argon2id, or empty
    password_must_change BOOLEAN NOT NULL,
    created_at           BIGINT  NOT NULL,
    updated_at           BIGINT  NOT NULL,
    revision             BIGINT  NOT NULL,
    UNIQUE (customer_id, username_key)
);

-- At most one PIN a user. Where PINs identify users their tag does not depend
-- on the user, and the unique constraint is what makes a PIN one user's alone.
CREATE TABLE pins (
    user_id           TEXT    PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    customer_id       TEXT    NOT NULL,
    id                TEXT    NOT NULL,
    key_version       BIGINT  NOT NULL,
    tag               BYTEA   NOT NULL,
    identifying       BOOLEAN NOT NULL,
    generated         BOOLEAN NOT NULL,
    new_required      BOOLEAN NOT NULL,
    created_at        BIGINT  NOT NULL,
    expires_at        BIGINT  NOT NULL,
    policy_known      BOOLEAN NOT NULL, -- whether a sign-in has compared it with the policy since it was set
    policy_met        BOOLEAN NOT NULL,
    policy_checked_at BIGINT  NOT NULL,
    UNIQUE (customer_id, key_version, tag)
);
CREATE INDEX pins_expires_at ON pins (expires_at) WHERE expires_at > 0;

CREATE TABLE pin_history (
    user_id     TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    pin_id      TEXT   NOT NULL,
    key_version BIGINT NOT NULL,
    tag         BYTEA  NOT NULL,
    PRIMARY KEY (user_id, pin_id)
);

-- A number belongs to one user of a customer at most, whichever slot it is in.
CREATE TABLE card_numbers (
    user_id     TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    slot        TEXT   NOT NULL,
    customer_id TEXT   NOT NULL,
    key_version BIGINT NOT NULL,
    tag         BYTEA  NOT NULL,
    sealed      BYTEA  NOT NULL,
    number_end  TEXT   NOT NULL, -- the last four characters
    digits      BIGINT NOT NULL, -- how many digits, if it has nothing else and no 0 in front; otherwise 0
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (user_id, slot),
    UNIQUE (customer_id, key_version, tag)
);

CREATE TABLE change_counts (
    customer_id TEXT   NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    subject     TEXT   NOT NULL,
    kind        TEXT   NOT NULL,
    day         TEXT   NOT NULL,
    used        BIGINT NOT NULL,
    PRIMARY KEY (customer_id, subject, kind, day)
);

CREATE TABLE devices (
    id           TEXT    PRIMARY KEY,
    customer_id  TEXT    NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    name         TEXT    NOT NULL,
    name_key     TEXT    NOT NULL,
    methods      TEXT    NOT NULL, -- JSON array, or empty for all of the customer's
    conversion   TEXT    NOT NULL,
    disabled     BOOLEAN NOT NULL,
    token_hash   BYTEA   NOT NULL UNIQUE,
    created_at   BIGINT  NOT NULL,
    last_seen_at BIGINT  NOT NULL,
    revision     BIGINT  NOT NULL,
    UNIQUE (customer_id, name_key)
);

-- What exact lockout counts: a user, a device, an unknown number, a web account.
CREATE TABLE counters (
    customer_id  TEXT   NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    subject      TEXT   NOT NULL,
    wrong        BIGINT NOT NULL,
    changed_at   BIGINT NOT NULL,
    locked_until BIGINT NOT NULL,
    PRIMARY KEY (customer_id, subject)
);

CREATE TABLE sign_ins (
    id          TEXT   PRIMARY KEY,
    customer_id TEXT   NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    time        BIGINT NOT NULL,
    device_id   TEXT   NOT NULL,
    device      TEXT   NOT NULL,
    method      TEXT   NOT NULL,
    user_id     TEXT   NOT NULL,
    username    TEXT   NOT NULL,
    outcome     TEXT   NOT NULL,
    number_end  TEXT   NOT NULL,
    tries       BIGINT NOT NULL
);
CREATE INDEX sign_ins_customer ON sign_ins (customer_id, id);
CREATE INDEX sign_ins_user ON sign_ins (user_id, id);

CREATE TABLE api_tokens (
    id           TEXT   PRIMARY KEY,
    customer_id  TEXT   NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    name         TEXT   NOT NULL,
    role         TEXT   NOT NULL,
    token_hash   BYTEA  NOT NULL UNIQUE,
    created_by   TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL
);
CREATE INDEX api_tokens_customer ON api_tokens (customer_id, id);

CREATE TABLE sessions (
    id          TEXT   PRIMARY KEY,
    token_hash  BYTEA  NOT NULL UNIQUE,
    customer_id TEXT   NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    user_id     TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at  BIGINT NOT NULL,
    seen_at     BIGINT NOT NULL,
    address     TEXT   NOT NULL,
    user_agent  TEXT   NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);

CREATE TABLE idempotency_keys (
    caller       TEXT   NOT NULL,
    key          TEXT   NOT NULL,
    customer_id  TEXT   NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    request_hash BYTEA  NOT NULL,
    state        TEXT   NOT NULL, -- running, kept, secret
    status       BIGINT NOT NULL,
    body         BYTEA  NOT NULL,
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (caller, key)
);

CREATE TABLE imports (
    id          TEXT    PRIMARY KEY,
    customer_id TEXT    NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    state       TEXT    NOT NULL,
    dry_run     BOOLEAN NOT NULL,
    actor       TEXT    NOT NULL,
    detail      TEXT    NOT NULL, -- why it failed or where it was cancelled
    created     BIGINT  NOT NULL,
    updated     BIGINT  NOT NULL,
    unchanged   BIGINT  NOT NULL,
    refused     BIGINT  NOT NULL,
    last_line   BIGINT  NOT NULL,
    cancelled   BOOLEAN NOT NULL,
    started_at  BIGINT  NOT NULL,
    changed_at  BIGINT  NOT NULL
);
CREATE INDEX imports_customer ON imports (customer_id, id);

-- The report of one batch of lines as a JSON array: one row for many lines.
CREATE TABLE import_reports (
    import_id  TEXT   NOT NULL REFERENCES imports (id) ON DELETE CASCADE,
    first_line BIGINT NOT NULL,
    lines      TEXT   NOT NULL,
    PRIMARY KEY (import_id, first_line)
);

-- +goose Down
DROP TABLE import_reports;
DROP TABLE imports;
DROP TABLE idempotency_keys;
DROP TABLE sessions;
DROP TABLE api_tokens;
DROP TABLE sign_ins;
DROP TABLE counters;
DROP TABLE devices;
DROP TABLE change_counts;
DROP TABLE card_numbers;
DROP TABLE pin_history;
DROP TABLE pins;
DROP TABLE users;
DROP TABLE settings;
DROP TABLE audit_entries;
DROP TABLE audit_heads;
DROP TABLE customers;
DROP TABLE key_checks;
