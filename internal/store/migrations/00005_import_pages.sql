-- +goose Up
-- What the pages of imports show: which file it was, how long it is, and which
-- results a batch of its report holds, so that a filtered report skips the rest.

ALTER TABLE imports ADD COLUMN file_name TEXT NOT NULL DEFAULT '';
ALTER TABLE imports ADD COLUMN file_lines BIGINT NOT NULL DEFAULT 0; -- 0: not known
ALTER TABLE import_reports ADD COLUMN results TEXT NOT NULL DEFAULT 'created updated unchanged refused';

-- +goose Down
ALTER TABLE import_reports DROP COLUMN results;
ALTER TABLE imports DROP COLUMN file_lines;
ALTER TABLE imports DROP COLUMN file_name;
