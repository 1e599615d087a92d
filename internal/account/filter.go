package account

import "cardinal/internal/store"

// UserFilter narrows a list of users to those in one state. Its text is what
// stands in URLs and in the API.
type UserFilter = store.UserFilter

// The filters. Where a filter speaks of the policy, it is the one of this instant.
const (
	FilterAll              = store.FilterAll
	FilterNoPIN            = store.FilterNoPIN
	FilterNoNumber         = store.FilterNoNumber      // neither slot has a number
	FilterNoAddress        = store.FilterNoAddress     // no e-mail address
	FilterExpiring         = store.FilterExpiring      // the PIN expires within seven days
	FilterExpiringToday    = store.FilterExpiringToday // within the customer's calendar day
	FilterLocked           = store.FilterLocked
	FilterDisabled         = store.FilterDisabled
	FilterNeverSignedIn    = store.FilterNeverSignedIn    // no successful sign-in at a device since the user was made
	FilterPINBelowPolicy   = store.FilterPINBelowPolicy   // a sign-in since the last change of the policy has shown that the PIN does not meet it
	FilterPINBeforePolicy  = store.FilterPINBeforePolicy  // the PIN was set before the last change of the policy
	FilterPINNotIdentified = store.FilterPINNotIdentified // the PIN cannot identify the user yet, where PINs do
	FilterNewPINRequired   = store.FilterNewPINRequired   // an administrator asked for a new PIN
)

// expiringDays is how far ahead FilterExpiring looks.
const expiringDays = 7

// UserFilters returns all filters, FilterAll first.
func UserFilters() []UserFilter {
	return []UserFilter{
		FilterAll, FilterNoPIN, FilterNoNumber, FilterNoAddress, FilterExpiring, FilterExpiringToday, FilterLocked, FilterDisabled,
		FilterNeverSignedIn, FilterPINBelowPolicy, FilterPINBeforePolicy, FilterPINNotIdentified, FilterNewPINRequired,
	}
}

// UserSort is what a list of users is sorted by. Its text is what stands in URLs
// and in the API.
type UserSort = store.UserSort

// The orders.
const (
	SortUsername   = store.SortUsername
	SortName       = store.SortName       // the full name, or else the username
	SortCreated    = store.SortCreated    // by when the user was made
	SortPINExpires = store.SortPINExpires // PINs that do not expire, and users without a PIN, come last
)

// UserSorts returns all orders, SortUsername first.
func UserSorts() []UserSort {
	return []UserSort{SortUsername, SortName, SortCreated, SortPINExpires}
}
