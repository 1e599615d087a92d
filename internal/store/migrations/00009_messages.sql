-- +goose Up
-- Which node does a piece of periodic work, and until when it has it alone.
CREATE TABLE leases (
    name         TEXT   PRIMARY KEY,
    node         TEXT   NOT NULL,
    leased_until BIGINT NOT NULL
);

-- How e-mail leaves. Sealed is a JSON object of password, client secret and
-- refresh token, each empty where there is none.
CREATE TABLE messaging_configurations (
    id              TEXT   PRIMARY KEY,
    customer_id     TEXT   NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    name            TEXT   NOT NULL,
    name_key        TEXT   NOT NULL,
    host            TEXT   NOT NULL,
    port            BIGINT NOT NULL,
    security        TEXT   NOT NULL,
    authentication  TEXT   NOT NULL,
    username        TEXT   NOT NULL,
    sender_address  TEXT   NOT NULL,
    sender_name     TEXT   NOT NULL,
    reply_to        TEXT   NOT NULL,
    rate_per_minute BIGINT NOT NULL, -- 0: without limit
    token_endpoint  TEXT   NOT NULL,
    client_id       TEXT   NOT NULL,
    key_version     BIGINT NOT NULL,
    sealed          BYTEA  NOT NULL,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    revision        BIGINT NOT NULL,
    UNIQUE (customer_id, name_key)
);

-- Templates that somebody made. Predefined ones are in the program, and have no row here.
CREATE TABLE email_templates (
    id          TEXT   PRIMARY KEY,
    customer_id TEXT   NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    kind        TEXT   NOT NULL,
    name        TEXT   NOT NULL,
    name_key    TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    UNIQUE (customer_id, name_key)
);

-- The text of a template in one language; of a predefined one, if it was edited.
CREATE TABLE email_template_texts (
    customer_id TEXT   NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    template_id TEXT   NOT NULL, -- of email_templates, or the name of a predefined one
    language    TEXT   NOT NULL,
    subject     TEXT   NOT NULL,
    text        TEXT   NOT NULL,
    html        TEXT   NOT NULL,
    updated_at  BIGINT NOT NULL,
    PRIMARY KEY (customer_id, template_id, language)
);

-- One e-mail to one user, and its own place in the queue.
CREATE TABLE notifications (
    id               TEXT   PRIMARY KEY,
    customer_id      TEXT   NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    kind             TEXT   NOT NULL,
    template_id      TEXT   NOT NULL,
    configuration_id TEXT   NOT NULL, -- empty: none was set
    user_id          TEXT   NOT NULL, -- who may be gone since
    username         TEXT   NOT NULL,
    pin_id           TEXT   NOT NULL, -- the PIN that it is about, or empty
    state            TEXT   NOT NULL,
    reason           TEXT   NOT NULL, -- why it was skipped or cancelled
    tries            BIGINT NOT NULL,
    last_answer      TEXT   NOT NULL, -- the server's, or what stood in the way
    explanation      TEXT   NOT NULL, -- the same in plain words, a sentence as JSON
    copy             BIGINT NOT NULL, -- how often it was sent again on purpose: another message each time
    details          TEXT   NOT NULL, -- what stands in it, a JSON object without secrets
    key_version      BIGINT NOT NULL,
    sealed           BYTEA  NOT NULL, -- secrets that stand in it; empty once it is over
    created_at       BIGINT NOT NULL,
    next_try_at      BIGINT NOT NULL,
    ends_at          BIGINT NOT NULL, -- from when on it is of no use; 0: never
    tried_at         BIGINT NOT NULL,
    sent_at          BIGINT NOT NULL,
    node             TEXT   NOT NULL,
    leased_until     BIGINT NOT NULL
);
CREATE INDEX notifications_customer ON notifications (customer_id, id);
CREATE INDEX notifications_user ON notifications (user_id, id);
CREATE INDEX notifications_state ON notifications (customer_id, state, id);
CREATE INDEX notifications_queued ON notifications (configuration_id, next_try_at, id) WHERE state = 'queued';
CREATE INDEX notifications_sending ON notifications (configuration_id, leased_until) WHERE state = 'sending';
CREATE INDEX notifications_tried ON notifications (configuration_id, tried_at) WHERE tried_at > 0;
-- One notice of expiry for one PIN.
CREATE UNIQUE INDEX notifications_pin ON notifications (pin_id, kind) WHERE kind = 'pin-expiration';

ALTER TABLE pins ADD COLUMN noticed BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX pins_unnoticed ON pins (customer_id, expires_at) WHERE expires_at > 0 AND NOT noticed;

-- PINs are looked for by customer.
DROP INDEX pins_expires_at;

-- +goose Down
CREATE INDEX pins_expires_at ON pins (expires_at) WHERE expires_at > 0;
DROP INDEX pins_unnoticed;
ALTER TABLE pins DROP COLUMN noticed;
DROP TABLE notifications;
DROP TABLE email_template_texts;
DROP TABLE email_templates;
DROP TABLE messaging_configurations;
DROP TABLE leases;
