-- +goose Up
-- The instant of the last change of the PIN policy; 0 while it is as it was at first.
ALTER TABLE customers ADD COLUMN policy_changed_at BIGINT NOT NULL DEFAULT 0;
UPDATE customers SET policy_changed_at = COALESCE((
    SELECT MAX(settings.updated_at) FROM settings
    WHERE settings.customer_id = customers.id AND settings.key IN (
        'pin.min-length', 'pin.max-length', 'pin.characters', 'pin.disallow-sequential', 'pin.disallow-steps', 'pin.disallow-common',
        'pin.disallow-personal', 'pin.history', 'pin.generated-length', 'pin.generated-characters', 'pin.expiration-hours', 'pin.identifies-user'
    )), 0);

-- +goose Down
ALTER TABLE customers DROP COLUMN policy_changed_at;
