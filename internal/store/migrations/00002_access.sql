-- +goose Up
-- Second factors, sign-ins that wait for one, and how far a set-up has come.

ALTER TABLE sessions ADD COLUMN confirmed_at BIGINT NOT NULL DEFAULT 0; -- when the person last proved who they are

-- Whoever gave the right password and still owes the second factor. It is no
-- session: nothing that looks sessions up can find it.
CREATE TABLE pending_sign_ins (
    token_hash  BYTEA  PRIMARY KEY,
    customer_id TEXT   NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    user_id     TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at  BIGINT NOT NULL
);
CREATE INDEX pending_sign_ins_user ON pending_sign_ins (user_id);
CREATE INDEX pending_sign_ins_created_at ON pending_sign_ins (created_at);

CREATE TABLE totp_secrets (
    user_id     TEXT   PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    customer_id TEXT   NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    key_version BIGINT NOT NULL,
    sealed      BYTEA  NOT NULL,
    last_step   BIGINT NOT NULL, -- codes of this step and of those before it work no more
    created_at  BIGINT NOT NULL
);
CREATE INDEX totp_secrets_customer ON totp_secrets (customer_id);

CREATE TABLE passkeys (
    id            TEXT   PRIMARY KEY,
    customer_id   TEXT   NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    user_id       TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    credential_id BYTEA  NOT NULL,
    name          TEXT   NOT NULL,
    host          TEXT   NOT NULL, -- the only one it works at: the relying party's ID
    record        TEXT   NOT NULL, -- JSON: public key, flags, counter of uses
    created_at    BIGINT NOT NULL,
    last_used_at  BIGINT NOT NULL,
    UNIQUE (customer_id, credential_id)
);
CREATE INDEX passkeys_user ON passkeys (user_id);

-- The challenge that a browser is to answer, once: one for each session or
-- waiting sign-in, which owner names.
CREATE TABLE passkey_challenges (
    owner       TEXT   PRIMARY KEY,
    customer_id TEXT   NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    user_id     TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    purpose     TEXT   NOT NULL,
    data        TEXT   NOT NULL, -- JSON
    created_at  BIGINT NOT NULL
);
CREATE INDEX passkey_challenges_user ON passkey_challenges (user_id);
CREATE INDEX passkey_challenges_created_at ON passkey_challenges (created_at);

-- The codes not used yet; a used one is gone.
CREATE TABLE recovery_codes (
    user_id     TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    customer_id TEXT   NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    code_hash   BYTEA  NOT NULL,
    PRIMARY KEY (user_id, code_hash)
);

-- The next step of the guided set-up; a customer without a row has finished it
-- or never had one.
CREATE TABLE setup_steps (
    customer_id TEXT PRIMARY KEY REFERENCES customers (id) ON DELETE CASCADE,
    step        TEXT NOT NULL
);

-- +goose Down
DROP TABLE setup_steps;
DROP TABLE recovery_codes;
DROP TABLE passkey_challenges;
DROP TABLE passkeys;
DROP TABLE totp_secrets;
DROP TABLE pending_sign_ins;
ALTER TABLE sessions DROP COLUMN confirmed_at;
