package account

// UserFilter narrows a list of users to those in one state. Its text is what
// stands in URLs and in the API.
type UserFilter string

// The filters. Where a filter speaks of the policy, it is the one of this instant.
const (
	FilterAll              UserFilter = ""
	FilterNoPIN            UserFilter = "no-pin"
	FilterNoNumber         UserFilter = "no-number"      // neither slot has a number
	FilterNoAddress        UserFilter = "no-address"     // no e-mail address
	FilterExpiring         UserFilter = "pin-expiring"   // the PIN expires within seven days
	FilterExpiringToday    UserFilter = "expiring-today" // within the customer's calendar day
	FilterLocked           UserFilter = "locked"
	FilterDisabled         UserFilter = "disabled"
	FilterNeverSignedIn    UserFilter = "never-signed-in"     // no successful sign-in at a device since the user was made
	FilterPINBelowPolicy   UserFilter = "pin-below-policy"    // a sign-in since the last change of the policy has shown that the PIN does not meet it
	FilterPINBeforePolicy  UserFilter = "pin-before-policy"   // the PIN was set before the last change of the policy
	FilterPINNotIdentified UserFilter = "pin-not-identifying" // the PIN cannot identify the user yet, where PINs do
	FilterNewPINRequired   UserFilter = "new-pin-required"    // an administrator asked for a new PIN
)

// UserFilters returns all filters, FilterAll first.
func UserFilters() []UserFilter {
	return []UserFilter{
		FilterAll, FilterNoPIN, FilterNoNumber, FilterNoAddress, FilterExpiring, FilterExpiringToday, FilterLocked, FilterDisabled,
		FilterNeverSignedIn, FilterPINBelowPolicy, FilterPINBeforePolicy, FilterPINNotIdentified, FilterNewPINRequired,
	}
}
