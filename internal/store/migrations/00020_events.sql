-- +goose Up
-- How many events a customer has had.
CREATE TABLE event_heads (
    customer_id TEXT   PRIMARY KEY REFERENCES customers (id) ON DELETE CASCADE,
    number      BIGINT NOT NULL
);

-- What has happened, numbered without gaps in each customer in the order of commits.
CREATE TABLE events (
    customer_id TEXT   NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    number      BIGINT NOT NULL,
    type        TEXT   NOT NULL,
    time        BIGINT NOT NULL,
    user_id     TEXT   NOT NULL, -- who may be gone since; empty: nobody who is known
    attributes  TEXT   NOT NULL, -- a JSON object of texts
    PRIMARY KEY (customer_id, number)
);
