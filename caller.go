package cardinal

// CallerKind says what sort of actor a Caller is.
type CallerKind string

// The kinds of callers.
const (
	CallerAnonymous CallerKind = "anonymous"
	CallerUser      CallerKind = "user"    // a person in the web interface, whatever their role
	CallerToken     CallerKind = "token"   // an API token
	CallerDevice    CallerKind = "device"  // a device signing users in
	CallerConsole   CallerKind = "console" // the command line on the data directory
	CallerSystem    CallerKind = "system"  // Cardinal itself: sweepers, imports going on after a restart
)

// Caller is who is acting: the first argument after ctx of every use case. The
// customer always comes from here, never from a request.
type Caller struct {
	Kind     CallerKind
	Customer CustomerID
	Role     Role
	User     UserID   // CallerUser only
	Device   DeviceID // CallerDevice only
	Token    TokenID  // CallerToken only
	Session  SessionID
	// Proof, of a CallerDevice, is the hash of the token it presented; sign-in
	// looks in its own transaction whether it is still the device's. Empty where
	// the program itself acts for a device.
	Proof string
	Name  string // username, token name, device name, "console", "system"
	// Address is the network address the call came from, without a port; empty for the console.
	Address string
	// RequestID joins the log lines, the audit entries and the answer of one request.
	RequestID string
}

// Actor returns who acted, as audit entries and log lines name them: the kind
// and the name, as in "user anna" or "token provisioning".
func (c Caller) Actor() string {
	if c.Name == "" || string(c.Kind) == c.Name {
		return string(c.Kind)
	}
	return string(c.Kind) + " " + c.Name
}

// May reports whether the caller has the permission.
func (c Caller) May(p Permission) bool {
	if c.Kind == CallerDevice {
		return p == PermSignInAtDevice || p == PermNone
	}
	return c.Role.May(p)
}

// Require returns nil if the caller has the permission, an Error of
// CodeUnauthenticated for an anonymous caller, and of CodeForbidden otherwise.
func (c Caller) Require(p Permission) error {
	switch {
	case c.May(p):
		return nil
	case c.Kind == CallerAnonymous || c.Kind == "":
		return Errorf(CodeUnauthenticated, "Sign in first.")
	default:
		return Errorf(CodeForbidden, "Your role does not allow this. Ask an administrator.")
	}
}

// Console is the caller of the command line: whoever can read the data
// directory, acting as operator of the given customer.
func Console(customer CustomerID) Caller {
	return Caller{Kind: CallerConsole, Customer: customer, Role: RoleOperator, Name: "console"}
}

// System is Cardinal itself acting on a customer's behalf.
func System(customer CustomerID) Caller {
	return Caller{Kind: CallerSystem, Customer: customer, Role: RoleOperator, Name: "system"}
}
