-- name: TakeLease :execrows
INSERT INTO leases (name, node, leased_until) VALUES (sqlc.arg(name), sqlc.arg(node), sqlc.arg(leased_until))
ON CONFLICT (name) DO UPDATE SET node = sqlc.arg(node), leased_until = sqlc.arg(leased_until)
WHERE leases.node = sqlc.arg(node) OR leases.leased_until <= sqlc.arg(now);

-- name: DropLease :exec
DELETE FROM leases WHERE name = $1 AND node = $2;

-- name: HasExpiredPIN :one
SELECT EXISTS (SELECT 1 FROM pins WHERE customer_id = sqlc.arg(customer_id) AND expires_at > 0 AND expires_at <= sqlc.arg(now));

-- name: DeleteExpiredPINs :many
DELETE FROM pins
WHERE pins.user_id IN (
    SELECT due.user_id FROM pins due WHERE due.customer_id = sqlc.arg(customer_id) AND due.expires_at > 0 AND due.expires_at <= sqlc.arg(now)
    ORDER BY due.expires_at, due.user_id LIMIT sqlc.arg(most))
  AND pins.expires_at > 0 AND pins.expires_at <= sqlc.arg(now)
RETURNING pins.user_id, pins.expires_at, (SELECT users.username FROM users WHERE users.id = pins.user_id) AS username;

-- name: InsertConfiguration :execrows
INSERT INTO messaging_configurations (id, customer_id, name, name_key, host, port, security, authentication, username, sender_address,
    sender_name, reply_to, rate_per_minute, token_endpoint, client_id, key_version, sealed, created_at, updated_at, revision)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, 1)
ON CONFLICT (customer_id, name_key) DO NOTHING;

-- name: UpdateConfiguration :execrows
UPDATE messaging_configurations SET name = $3, name_key = $4, host = $5, port = $6, security = $7, authentication = $8, username = $9,
    sender_address = $10, sender_name = $11, reply_to = $12, rate_per_minute = $13, token_endpoint = $14, client_id = $15,
    key_version = $16, sealed = $17, updated_at = $18, revision = revision + 1
WHERE messaging_configurations.customer_id = $1 AND messaging_configurations.id = $2
  AND NOT EXISTS (SELECT 1 FROM messaging_configurations other WHERE other.customer_id = $1 AND other.name_key = $4 AND other.id <> $2);

-- name: SealConfiguration :exec
UPDATE messaging_configurations SET key_version = $3, sealed = $4 WHERE customer_id = $1 AND id = $2;

-- name: LockConfiguration :one
UPDATE messaging_configurations SET revision = revision WHERE customer_id = $1 AND id = $2 RETURNING *;

-- name: Configuration :one
SELECT * FROM messaging_configurations WHERE customer_id = $1 AND id = $2;

-- name: Configurations :many
SELECT * FROM messaging_configurations WHERE customer_id = $1 ORDER BY name_key;

-- name: DeleteConfiguration :execrows
DELETE FROM messaging_configurations WHERE customer_id = $1 AND id = $2;

-- name: InsertTemplate :execrows
INSERT INTO email_templates (id, customer_id, kind, name, name_key, created_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (customer_id, name_key) DO NOTHING;

-- name: RenameTemplate :execrows
UPDATE email_templates SET name = $3, name_key = $4 WHERE email_templates.customer_id = $1 AND email_templates.id = $2
  AND NOT EXISTS (SELECT 1 FROM email_templates other WHERE other.customer_id = $1 AND other.name_key = $4 AND other.id <> $2);

-- name: Template :one
SELECT * FROM email_templates WHERE customer_id = $1 AND id = $2;

-- name: Templates :many
SELECT * FROM email_templates WHERE customer_id = $1 ORDER BY name_key;

-- name: DeleteTemplate :execrows
DELETE FROM email_templates WHERE customer_id = $1 AND id = $2;

-- name: PutTemplateText :exec
INSERT INTO email_template_texts (customer_id, template_id, language, subject, text, html, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (customer_id, template_id, language) DO UPDATE SET subject = $4, text = $5, html = $6, updated_at = $7;

-- name: TemplateTexts :many
SELECT * FROM email_template_texts WHERE customer_id = $1 AND template_id = $2 ORDER BY language;

-- name: EditedTemplates :many
SELECT DISTINCT template_id FROM email_template_texts WHERE customer_id = $1 ORDER BY template_id;

-- name: DeleteTemplateText :execrows
DELETE FROM email_template_texts WHERE customer_id = $1 AND template_id = $2 AND language = $3;

-- name: DeleteTemplateTexts :exec
DELETE FROM email_template_texts WHERE customer_id = $1 AND template_id = $2;

-- name: HasPINToNotice :one
SELECT EXISTS (SELECT 1 FROM pins
WHERE pins.customer_id = sqlc.arg(customer_id) AND pins.expires_at > 0 AND NOT pins.noticed
  AND pins.expires_at > sqlc.arg(now) AND pins.expires_at <= sqlc.arg(until));

-- name: NoticePINs :many
UPDATE pins SET noticed = TRUE
WHERE pins.user_id IN (
    SELECT due.user_id FROM pins due
    WHERE due.customer_id = sqlc.arg(customer_id) AND due.expires_at > 0 AND NOT due.noticed
      AND due.expires_at > sqlc.arg(now) AND due.expires_at <= sqlc.arg(until)
    ORDER BY due.expires_at LIMIT sqlc.arg(most))
  AND NOT pins.noticed AND pins.expires_at > sqlc.arg(now) AND pins.expires_at <= sqlc.arg(until)
RETURNING pins.user_id, pins.id, pins.expires_at;

-- name: InsertNotification :exec
INSERT INTO notifications (id, customer_id, kind, template_id, configuration_id, user_id, username, pin_id, state, reason, tries, last_answer,
    explanation, copy, details, key_version, sealed, created_at, next_try_at, ends_at, tried_at, sent_at, node, leased_until)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, '', '', 0, $11, $12, $13, $14, $15, $16, 0, 0, '', 0);

-- name: Notification :one
SELECT * FROM notifications WHERE customer_id = $1 AND id = $2;

-- name: LockNotification :one
UPDATE notifications SET node = node WHERE customer_id = $1 AND id = $2 RETURNING *;

-- name: Notifications :many
SELECT * FROM notifications WHERE customer_id = sqlc.arg(customer_id) AND id < sqlc.arg(before)
ORDER BY id DESC LIMIT sqlc.arg(most);

-- name: NotificationsInState :many
SELECT * FROM notifications WHERE customer_id = sqlc.arg(customer_id) AND state = sqlc.arg(state) AND id < sqlc.arg(before)
ORDER BY id DESC LIMIT sqlc.arg(most);

-- name: NotificationsOfUser :many
SELECT * FROM notifications WHERE user_id = sqlc.arg(user_id) AND customer_id = sqlc.arg(customer_id) AND id < sqlc.arg(before)
ORDER BY id DESC LIMIT sqlc.arg(most);

-- name: CountNotifications :many
SELECT state, count(*) AS notifications FROM notifications WHERE customer_id = sqlc.arg(customer_id) AND id >= sqlc.arg(since)
GROUP BY state ORDER BY state;

-- name: ConfigurationsWithMail :many
SELECT id, customer_id FROM messaging_configurations
WHERE EXISTS (SELECT 1 FROM notifications queued WHERE queued.configuration_id = messaging_configurations.id AND queued.state = 'queued'
              AND queued.next_try_at <= sqlc.arg(now))
   OR EXISTS (SELECT 1 FROM notifications sending WHERE sending.configuration_id = messaging_configurations.id AND sending.state = 'sending'
              AND sending.leased_until <= sqlc.arg(now))
ORDER BY id LIMIT sqlc.arg(most);

-- name: ClaimNotification :one
UPDATE notifications SET state = 'sending', node = sqlc.arg(node), leased_until = sqlc.arg(leased_until), tries = tries + 1, tried_at = sqlc.arg(now)
WHERE notifications.id = (
    SELECT due.id FROM notifications due WHERE due.configuration_id = sqlc.arg(configuration_id) AND due.state = 'queued' AND due.next_try_at <= sqlc.arg(now)
    ORDER BY due.next_try_at, due.id LIMIT 1)
  AND notifications.state = 'queued'
RETURNING *;

-- name: ReclaimNotification :one
UPDATE notifications SET node = sqlc.arg(node), leased_until = sqlc.arg(leased_until), tries = tries + 1, tried_at = sqlc.arg(now)
WHERE notifications.id = (
    SELECT lost.id FROM notifications lost WHERE lost.configuration_id = sqlc.arg(configuration_id) AND lost.state = 'sending' AND lost.leased_until <= sqlc.arg(now)
    ORDER BY lost.leased_until LIMIT 1)
  AND notifications.state = 'sending' AND notifications.leased_until <= sqlc.arg(now)
RETURNING *;

-- name: CountTried :one
SELECT count(*) AS tried, CAST(COALESCE(MIN(tried_at), 0) AS BIGINT) AS first FROM notifications
WHERE configuration_id = sqlc.arg(configuration_id) AND tried_at > 0 AND tried_at > sqlc.arg(since);

-- name: SettleNotification :execrows
UPDATE notifications SET state = sqlc.arg(state), reason = sqlc.arg(reason), last_answer = sqlc.arg(last_answer), explanation = sqlc.arg(explanation),
    next_try_at = sqlc.arg(next_try_at), sent_at = sqlc.arg(sent_at), sealed = sqlc.arg(sealed), node = '', leased_until = 0
WHERE id = sqlc.arg(id) AND state = 'sending' AND node = sqlc.arg(node);

-- name: CancelNotification :execrows
UPDATE notifications SET state = 'cancelled', reason = sqlc.arg(reason), sealed = sqlc.arg(sealed), node = '', leased_until = 0
WHERE customer_id = sqlc.arg(customer_id) AND id = sqlc.arg(id) AND state = 'queued';

-- name: RequeueNotification :execrows
UPDATE notifications SET state = 'queued', reason = '', tries = 0, copy = copy + 1, configuration_id = sqlc.arg(configuration_id), next_try_at = sqlc.arg(now)
WHERE customer_id = sqlc.arg(customer_id) AND id = sqlc.arg(id) AND state NOT IN ('queued', 'sending');

-- name: SkipQueued :exec
UPDATE notifications SET state = 'skipped', reason = sqlc.arg(reason), sealed = sqlc.arg(sealed)
WHERE configuration_id = sqlc.arg(configuration_id) AND state = 'queued';

-- name: ExpiryDue :one
SELECT COUNT(*) AS due, CAST(COALESCE(MIN(pins.expires_at), 0) AS BIGINT) AS oldest
FROM customers JOIN pins ON pins.customer_id = customers.id AND pins.expires_at > 0 AND pins.expires_at <= sqlc.arg(now);

-- name: NotificationsDue :one
SELECT COUNT(*) AS due, CAST(COALESCE(MIN(next_try_at), 0) AS BIGINT) AS oldest
FROM notifications WHERE state = 'queued' AND next_try_at <= sqlc.arg(now);

-- name: PruneNotifications :execrows
DELETE FROM notifications WHERE notifications.id IN (
    SELECT old.id FROM notifications old WHERE old.customer_id = sqlc.arg(customer_id) AND old.id < sqlc.arg(before)
      AND old.state NOT IN ('queued', 'sending') AND old.tried_at < sqlc.arg(tried_before)
    ORDER BY old.id LIMIT sqlc.arg(most));

-- name: HasOldNotification :many
SELECT old.id FROM notifications old WHERE old.customer_id = sqlc.arg(customer_id) AND old.id < sqlc.arg(before)
  AND old.state NOT IN ('queued', 'sending') AND old.tried_at < sqlc.arg(tried_before)
ORDER BY old.id LIMIT 1;

-- name: DeleteNotificationsOfUser :exec
DELETE FROM notifications WHERE user_id = sqlc.arg(user_id) AND customer_id = sqlc.arg(customer_id);
