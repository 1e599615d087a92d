-- name: SetUserLanguage :execrows
UPDATE users SET language = $3 WHERE customer_id = $1 AND id = $2;
