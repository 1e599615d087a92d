-- +goose Up
-- One action on many users. The work list is fixed when the run starts; progress
-- is written with the effects, so that a run goes on where it was stopped.
CREATE TABLE bulk_runs (
    id           TEXT    PRIMARY KEY,
    customer_id  TEXT    NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    kind         TEXT    NOT NULL,
    parameters   TEXT    NOT NULL, -- a JSON object
    state        TEXT    NOT NULL,
    detail       TEXT    NOT NULL, -- why it failed
    actor        TEXT    NOT NULL, -- who started it, as audit entries name them
    starter      TEXT    NOT NULL, -- who started it, as a JSON object
    total        BIGINT  NOT NULL,
    done         BIGINT  NOT NULL,
    unchanged    BIGINT  NOT NULL,
    refused      BIGINT  NOT NULL,
    cancelled    BOOLEAN NOT NULL,
    node         TEXT    NOT NULL, -- which node works on it
    leased_until BIGINT  NOT NULL, -- when another node may take it over
    pins         TEXT    NOT NULL, -- what has become of issued PINs: none, kept, fetched, erased
    pins_count   BIGINT  NOT NULL, -- how many are kept, or were fetched
    pins_at      BIGINT  NOT NULL, -- when they were fetched or erased
    started_at   BIGINT  NOT NULL,
    changed_at   BIGINT  NOT NULL,
    ended_at     BIGINT  NOT NULL
);
CREATE INDEX bulk_runs_customer ON bulk_runs (customer_id, id);
CREATE INDEX bulk_runs_running ON bulk_runs (leased_until) WHERE state = 'running';
CREATE INDEX bulk_runs_pins ON bulk_runs (ended_at) WHERE pins = 'kept';

-- Part of a work list: lines of identifier, space and username.
CREATE TABLE bulk_chunks (
    run_id TEXT   NOT NULL REFERENCES bulk_runs (id) ON DELETE CASCADE,
    first  BIGINT NOT NULL, -- position of its first user, from 0
    users  TEXT   NOT NULL,
    PRIMARY KEY (run_id, first)
);

-- The outcomes of one batch of users as a JSON array: one row for many users.
CREATE TABLE bulk_reports (
    run_id    TEXT   NOT NULL REFERENCES bulk_runs (id) ON DELETE CASCADE,
    last      BIGINT NOT NULL, -- position of its last user, from 1
    done      BIGINT NOT NULL,
    unchanged BIGINT NOT NULL,
    refused   BIGINT NOT NULL,
    lines     TEXT   NOT NULL,
    PRIMARY KEY (run_id, last)
);

-- PINs issued by one batch, sealed, until whoever started the run fetches them.
CREATE TABLE bulk_pins (
    run_id      TEXT   NOT NULL REFERENCES bulk_runs (id) ON DELETE CASCADE,
    last        BIGINT NOT NULL,
    key_version BIGINT NOT NULL,
    sealed      BYTEA  NOT NULL,
    PRIMARY KEY (run_id, last)
);

-- +goose Down
DROP TABLE bulk_pins;
DROP TABLE bulk_reports;
DROP TABLE bulk_chunks;
DROP TABLE bulk_runs;
