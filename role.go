package cardinal

import "slices"

// Role says what a person or an API token may do (spec: security).
type Role string

// The roles, weakest first.
const (
	RoleUser          Role = "user"          // own details as far as allowed
	RoleAuditor       Role = "auditor"       // reads lists and logs, numbers masked
	RoleProvisioner   Role = "provisioner"   // API only: users, numbers, PINs, events
	RoleHelpdesk      Role = "helpdesk"      // users, numbers, PINs, unlock
	RoleAdministrator Role = "administrator" // everything of the customer
	RoleOperator      Role = "operator"      // customers, and the program itself
)

// Permission is one thing a caller may be allowed to do. Every route declares
// the one it needs, and every use case asks for it again.
type Permission string

// The permissions.
const (
	PermNone             Permission = "none"              // anyone, signed in or not
	PermOwnDetails       Permission = "own-details"       // see and, as far as the settings allow, change one's own details
	PermReadUsers        Permission = "read-users"        // see users, numbers masked
	PermReadNumbers      Permission = "read-numbers"      // see card numbers in full
	PermWriteUsers       Permission = "write-users"       // create, change, delete users
	PermWriteCredentials Permission = "write-credentials" // set, generate, remove PINs and card numbers
	PermUnlock           Permission = "unlock"            // unlock users, reset their daily counts
	PermGrantRoles       Permission = "grant-roles"       // give roles up to one's own
	PermCheckPolicy      Permission = "check-policy"      // try a PIN against the policy
	PermReadSignIns      Permission = "read-sign-ins"     // the record of sign-ins
	PermReadLogs         Permission = "read-logs"         // audit entries, application log
	PermReadOptions      Permission = "read-options"      // settings, devices, tokens (never their secrets)
	PermWriteOptions     Permission = "write-options"     // change those
	PermCustomers        Permission = "customers"         // see and add customers
	PermSignInAtDevice   Permission = "sign-in-at-device" // a device asking who somebody is
)

// permissionsOf lists what each role may do. It is a switch, not a table, so
// that nobody can change it while the program runs.
func permissionsOf(r Role) []Permission {
	switch r {
	case RoleUser:
		return []Permission{PermOwnDetails, PermCheckPolicy}
	case RoleAuditor:
		return []Permission{PermOwnDetails, PermCheckPolicy, PermReadUsers, PermReadSignIns, PermReadLogs, PermReadOptions}
	case RoleProvisioner:
		return []Permission{PermCheckPolicy, PermReadUsers, PermReadNumbers, PermWriteUsers, PermWriteCredentials}
	case RoleHelpdesk:
		return []Permission{PermOwnDetails, PermCheckPolicy, PermReadUsers, PermReadNumbers, PermWriteUsers, PermWriteCredentials, PermUnlock, PermReadSignIns}
	case RoleAdministrator:
		return append(permissionsOf(RoleHelpdesk), PermGrantRoles, PermReadLogs, PermReadOptions, PermWriteOptions)
	case RoleOperator:
		return append(permissionsOf(RoleAdministrator), PermCustomers)
	}
	return nil
}

// Valid reports whether r is one of the roles.
func (r Role) Valid() bool { return r.rank() > 0 }

// May reports whether the role grants p. PermNone is granted to everyone;
// PermSignInAtDevice to no role, for only devices have it.
func (r Role) May(p Permission) bool {
	if p == PermNone {
		return true
	}
	return slices.Contains(permissionsOf(r), p)
}

// Outranks reports whether r is above other. Nobody grants a role above their
// own, nor changes the fields or the password of somebody who outranks them:
// with those one could become them. PINs and numbers sign in at devices alone,
// and a help desk looks after everybody's.
func (r Role) Outranks(other Role) bool { return r.rank() > other.rank() }

func (r Role) rank() int {
	for i, known := range Roles() {
		if r == known {
			return i + 1
		}
	}
	return 0
}

// Roles returns all roles, weakest first.
func Roles() []Role {
	return []Role{RoleUser, RoleAuditor, RoleProvisioner, RoleHelpdesk, RoleAdministrator, RoleOperator}
}
