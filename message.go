package cardinal

import "time"

// MailSecurity says how the connection to a mail server is protected.
type MailSecurity string

// The ways to protect a connection.
const (
	MailStartTLS MailSecurity = "starttls" // begins in clear and must change to TLS before anything is said
	MailTLS      MailSecurity = "tls"      // TLS from the first byte
	MailPlain    MailSecurity = "none"     // in clear to the end
)

// MailAuthentication says how Cardinal proves to a mail server who it is.
type MailAuthentication string

// The methods. Their names are part of the API.
const (
	MailAuthNone    MailAuthentication = "none"
	MailAuthPlain   MailAuthentication = "plain"
	MailAuthLogin   MailAuthentication = "login"
	MailAuthCRAMMD5 MailAuthentication = "cram-md5"
	MailAuthSCRAM   MailAuthentication = "scram"
	MailAuthXOAUTH2 MailAuthentication = "xoauth2"
)

// MessagingConfiguration says how e-mail leaves: through which server, with which
// account, and from whom (spec: messaging). Its secrets are never among it.
type MessagingConfiguration struct {
	ID             ConfigurationID
	Customer       CustomerID
	Name           string // unique in the customer, without regard to case
	Host           string
	Port           int // 1–65535
	Security       MailSecurity
	Authentication MailAuthentication
	Username       string
	SenderAddress  string
	SenderName     string
	ReplyTo        string // empty: answers go to the sender
	RatePerMinute  int    // how many messages a minute; 0: without limit
	TokenEndpoint  string // for MailAuthXOAUTH2
	ClientID       string // for MailAuthXOAUTH2
	CreatedAt      time.Time
	UpdatedAt      time.Time
	Revision       int64 // counts up with each change
}

// NotificationState says how far a notification has come.
type NotificationState string

// The states (spec: messaging). The last four are ends.
const (
	NotificationQueued    NotificationState = "queued"
	NotificationSending   NotificationState = "sending"
	NotificationSent      NotificationState = "sent"
	NotificationFailed    NotificationState = "failed"    // after the last try, or refused for good
	NotificationSkipped   NotificationState = "skipped"   // it could never have been sent
	NotificationCancelled NotificationState = "cancelled" // overtaken, or by an administrator
)

// NotificationStates returns all states in the order that a notification goes
// through them.
func NotificationStates() []NotificationState {
	return []NotificationState{
		NotificationQueued, NotificationSending, NotificationSent, NotificationFailed, NotificationSkipped, NotificationCancelled,
	}
}

// NotificationReason says why a notification was skipped or cancelled.
type NotificationReason string

// The reasons.
const (
	ReasonNone            NotificationReason = ""
	ReasonNoAddress       NotificationReason = "no_address"
	ReasonDisabled        NotificationReason = "disabled"
	ReasonNoConfiguration NotificationReason = "no_configuration"
	ReasonOvertaken       NotificationReason = "overtaken" // the PIN was changed, removed or has expired, or the user is gone
	ReasonExpired         NotificationReason = "expired"   // it could not be sent while it was of use
	ReasonByHand          NotificationReason = "by_hand"
)

// Notification is one e-mail to one user, and its place in the queue.
type Notification struct {
	ID            NotificationID
	Customer      CustomerID
	Kind          string // as templates are of a kind
	Template      string // the identifier of the template
	Configuration ConfigurationID
	User          UserID // who may be gone since
	Username      string
	PIN           PINID // the PIN that it is about, or empty
	State         NotificationState
	Reason        NotificationReason
	Tries         int    // since it was queued, or queued again
	LastAnswer    string // the server's last answer, or what stood in the way; never with a secret
	Copy          int    // how often somebody had it sent again
	CreatedAt     time.Time
	NextTryAt     time.Time // while it is queued
	EndsAt        time.Time // from when on it is of no use; zero: never
	TriedAt       time.Time // the last try
	SentAt        time.Time
}
