package cardinal

// The identifiers of stored things. They are opaque texts of 26 characters,
// made by the store; identifiers made later sort after those made before.
type (
	// CustomerID identifies a customer.
	CustomerID string
	// UserID identifies a user; unlike the username it never changes.
	UserID string
	// PINID identifies one PIN of a user; a changed PIN has another one.
	PINID string
	// DeviceID identifies a device.
	DeviceID string
	// TokenID identifies an API token; it is not the token itself.
	TokenID string
	// SessionID identifies a web session; it is not the session's secret.
	SessionID string
	// ImportID identifies a run of an import.
	ImportID string
	// BulkID identifies a run of one action on many users.
	BulkID string
	// ConfigurationID identifies a messaging configuration.
	ConfigurationID string
	// NotificationID identifies a notification.
	NotificationID string
)
