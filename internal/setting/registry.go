package setting

import (
	"net/url"
	"strings"
	"time"

	"cardinal"
	"cardinal/internal/cardformat"
)

// The PIN policy (spec: pins).
var (
	PINMinLength = integer("pin.min-length", 4, cardinal.PINMinLength, cardinal.PINMaxLength, about{PagePINPolicy,
		"Minimal PIN length", "How many characters a new PIN has at least. It cannot be switched off and is never below 4."})
	PINMaxLength = integer("pin.max-length", 16, cardinal.PINMinLength, cardinal.PINMaxLength, about{PagePINPolicy,
		"Maximal PIN length", "How many characters a new PIN has at most: what the devices can take."})
	PINCharacters = choice("pin.characters", cardinal.LettersAndDigits, []cardinal.Characters{cardinal.Digits, cardinal.LettersAndDigits}, about{PagePINPolicy,
		"Allowed characters", "Which characters a new PIN may have: the digits 0-9, or also the letters A-Z and a-z."})
	PINDisallowSequential = boolean("pin.disallow-sequential", true, about{PagePINPolicy,
		"Do not allow sequential PIN", "Refuses PINs of consecutive characters and of repeated patterns, with regard to case."})
	PINDisallowSteps = boolean("pin.disallow-steps", false, about{PagePINPolicy,
		"Do not allow evenly stepped digits", "Refuses PINs whose digits rise or fall by the same step, counted past 9 back to 0."})
	PINDisallowCommon = boolean("pin.disallow-common", true, about{PagePINPolicy,
		"Do not allow common PINs", "Refuses the PINs that most people choose: years, dates, keypad shapes and the most used passwords."})
	PINDisallowPersonal = boolean("pin.disallow-personal", true, about{PagePINPolicy,
		"Do not allow personal details", "Refuses PINs that contain, or are part of, the username, the e-mail address or a card number of the user."})
	PINHistory = integer("pin.history", 1, 0, 24, about{PagePINPolicy,
		"PINs that may not return", "How many of the user's last PINs, the present one included, may not be chosen again. 0 allows all."})
	PINGeneratedLength = integer("pin.generated-length", 6, cardinal.PINMinLength, cardinal.PINMaxLength, about{PagePINPolicy,
		"Length of generated PINs", "How many characters generated PINs have; raised to the minimal PIN length where that is larger."})
	PINGeneratedCharacters = choice("pin.generated-characters", cardinal.Digits, []cardinal.Characters{cardinal.Digits, cardinal.LettersAndDigits}, about{PagePINPolicy,
		"Characters of generated PINs", "Which characters generated PINs have. Letters come without those that look alike."})
	PINExpirationHours = integer("pin.expiration-hours", 0, 0, 87600, about{PagePINPolicy,
		"PIN expiration", "How many hours a newly created PIN is valid; then it expires and is deleted. 0: PINs do not expire. Existing PINs keep what they have."})
	PINNoticeHours = integer("pin.expiration-notice-hours", 0, 0, 87600, about{PagePINPolicy,
		"PIN expiration notification", "How many hours before a PIN expires its user is told by e-mail. 0: never."})
	PINNoticeConfiguration = configuration("pin.expiration-notice.messaging-configuration", about{PagePINPolicy,
		"Messaging configuration", "The identifier of the messaging configuration that notices of expiry are sent through. Empty: none, and nothing is sent."})
	PINNoticeTemplate = template("pin.expiration-notice.template", "pin-expiration", "pin-expiration", about{PagePINPolicy,
		"PIN expiration notification email template", "The identifier of the e-mail template of notices of expiry."})
	PINIdentifiesUser = boolean("pin.identifies-user", false, about{PagePINPolicy,
		"PIN alone identifies the user", "Makes PINs unique, so that devices may sign users in by PIN alone. PINs are then generated, not chosen."})
)

// What users may do themselves (spec: numbers, from the second seed).
var (
	UserCanChangePIN = boolean("user.can-change-pin", false, about{PageGeneral,
		"Allow users to change their Card/ID PIN", "Gives users the option Change Card/ID PIN on their page Change Details."})
	UserCanChangePINTimes = integer("user.can-change-pin.num-times-per-day", 10, -1, 1000, about{PageConfigEditor,
		"PIN changes a day", "How often a user may submit a new PIN in a calendar day, whether it is accepted or not. 0: never, -1: without limit."})
	UserCanChangePINAskCurrent = boolean("user.can-change-pin.ask-current", false, about{PageGeneral,
		"Ask for the present PIN first", "Asks users for their present PIN before they may change it."})
	UserCanRequestPIN = boolean("user.can-request-pin", false, about{PageGeneral,
		"Allow users to have a new PIN sent by e-mail", "Lets users ask for a new generated PIN by e-mail, on the sign-in page and on their page Change Details. It takes the address of this server and a messaging configuration."})
	UserCanChangeCardID = boolean("user.can-change-card-id", false, about{PageGeneral,
		"Allow users to change their Card/ID number", "Gives users the button Change Number on their page Change Details."})
	UserCanChangeCardIDWhich = choice("user.can-change-card-id.which", cardinal.Primary, cardinal.Slots(), about{PageGeneral,
		"Which card number users can change", "Users can change either the primary or the secondary card number, but not both."})
	UserCanChangeCardIDAuto = boolean("user.can-change-card-id.auto-generate", true, about{PageGeneral,
		"Auto-generate random number (users cannot manually enter a number)", "Users get a new random number and cannot choose one of their own."})
	UserCanChangeCardIDTimes = integer("user.can-change-card-id.num-times-per-day", 3, -1, 1000, about{PageConfigEditor,
		"Number changes a day", "How often a user may press Change Number in a calendar day, whether it succeeds or not. 0: never, -1: without limit."})
	UserCanViewCardID = choice("user.can-view-card-id", ViewNone, []View{ViewNone, ViewPrimary, ViewSecondary, ViewBoth}, about{PageGeneral,
		"Show users their card numbers", "Which of their own card numbers users see in full on their pages."})
	CardIDGeneratedLength = integer("user.card-id.generated-length", 8, 4, 18, about{PageGeneral,
		"Length of generated numbers", "How many digits generated card numbers have."})
	CardIDGenerateForNewUsers = boolean("user.card-id.generate-for-new-users", false, about{PageGeneral,
		"Generate a primary number for new users", "Gives every new user without a primary number a random one."})
	CardNumberConversion = text("card-number.conversion", "", 200, conversionTakes, about{PageConfigEditor,
		"Conversion of read card numbers", "How the numbers that devices read are turned into the numbers on record: hex-to-decimal, decimal-to-hex, reverse-bytes, ascii-to-text and regex:EXPRESSION, chained with |."})
)

// The organisation.
var (
	CustomerName = text("customer.name", "Organisation", 100, required, about{PageGeneral,
		"Organisation name", "The name of the organisation, as it stands on pages and in e-mails."})
	CustomerAddress = text("customer.address", "", 200, addressTakes, about{PageGeneral,
		"Address of this server", "Where people reach these pages, as in https://pins.example.org. Links in e-mails begin with it; empty: no links are sent."})
	CustomerTimeZone = text("customer.time-zone", "UTC", 64, timeZoneTakes, about{PageGeneral,
		"Time zone", "The zone of the organisation's calendar day and of the times on pages, as in Europe/Prague."})
	CustomerLanguage = choice("customer.language", English, Languages(), about{PageGeneral,
		"Language", "The language of the pages for those who have not chosen one themselves."})
)

// E-mails about what has happened (spec: messaging). Each names the template that
// is sent, or none.
var (
	MailConfiguration = configuration("mail.messaging-configuration", about{PageConfigEditor,
		"Messaging configuration of other e-mails", "The identifier of the messaging configuration that all e-mails but notices of expiry are sent through. Empty: none, and nothing is sent."})
	MailPINChanged = template("mail.pin-changed", "", "pin-changed", about{PageConfigEditor,
		"E-mail when a PIN was changed", "The identifier of the e-mail template that users get when their PIN was replaced, as pin-changed. Empty: they get none."})
	MailPINRemoved = template("mail.pin-removed", "", "pin-removed", about{PageConfigEditor,
		"E-mail when a PIN was removed", "The identifier of the e-mail template that users get when their PIN was removed, as pin-removed. Empty: they get none."})
	MailNewPINWanted = templateUnlessOff("mail.new-pin-wanted", "new-pin-wanted", about{PageConfigEditor,
		"E-mail when a new PIN is asked for", "The identifier of the e-mail template that users get when they are asked for a new PIN, as new-pin-wanted. Empty: they get none."})
	MailNumberGenerated = template("mail.card-number-generated", "", "card-number-generated", about{PageConfigEditor,
		"E-mail when a number was generated", "The identifier of the e-mail template that users get when a card number was generated for them, as card-number-generated. Empty: they get none."})
	MailAccountLocked = template("mail.account-locked", "", "account-locked", about{PageConfigEditor,
		"E-mail when an account was locked", "The identifier of the e-mail template that users get when too many wrong tries locked them, as account-locked. Empty: they get none."})
	NotificationRecordDays = unlimitedOr("notification.record-days", 90, 3650, about{PageConfigEditor,
		"Days that notifications are kept", "How many days it stays on record what became of an e-mail to a user. -1: without limit. Those of a deleted user go with the user."})
)

// Sign-in at devices (spec: sign-in) and the API (spec: api).
var (
	SignInMethods = choices("signin.methods", []cardinal.Method{cardinal.MethodCardPIN, cardinal.MethodUsernamePIN}, cardinal.Methods(), about{PageSignIn,
		"Sign-in methods", "What users may present at devices. A device can narrow this further. PIN alone works only where PINs identify users."})
	SignInUserLimits = limits("signin.user.limits", []cardinal.LockLimit{{Wrong: 5, LockSeconds: 60}, {Wrong: 10, LockSeconds: 900}, {Wrong: 15}}, about{PageSignIn,
		"Lockout of users", "After how many wrong tries a user is locked, and for how many seconds; 0 seconds: until an administrator unlocks or a new PIN is set. Past the last step every wrong try locks again."})
	SignInUserForgetHours = integer("signin.user.forget-hours", 24, 1, 8760, about{PageSignIn,
		"Forget wrong tries after", "After how many hours without a wrong try a user's count starts again."})
	SignInDeviceBudget = unlimitedOr("signin.device.wrong-budget", 30, 10000, about{PageSignIn,
		"Wrong tries a device may make", "How many wrong tries a device may make before it is locked; a card that nobody owns counts half. -1: without limit."})
	SignInDeviceRefill = integer("signin.device.wrong-refill-per-minute", 2, 1, 1000, about{PageSignIn,
		"Wrong tries a device regains a minute", "How many wrong tries a device regains each minute."})
	SignInPINPerDay = integer("signin.pin.wrong-per-day", 200, -1, 100000, about{PageSignIn,
		"Wrong PINs alone a day", "How many wrong tries by PIN alone the organisation may make in a calendar day; then that method is refused until the next. -1: without limit."})
	AuthSecondFactorRequired = boolean("auth.second-factor-required", false, about{PageConfigEditor,
		"Require a second factor", "Asks everybody whose role is above user for a code or a passkey after the password. Who has none yet sets one up at the next sign-in, before anything else."})
	APIRatePerSecond = unlimitedOr("api.rate-per-second", 50, 10000, about{PageConfigEditor,
		"API requests a second", "How many requests a second an API token may make, with bursts of ten times as many. -1: without limit."})
)

// View says which of their own numbers users see.
type View string

// The choices of user.can-view-card-id.
const (
	ViewNone      View = "none"
	ViewPrimary   View = "primary"
	ViewSecondary View = "secondary"
	ViewBoth      View = "both"
)

// Shows reports whether the number in a slot is shown.
func (v View) Shows(slot cardinal.Slot) bool {
	return v == ViewBoth || string(v) == string(slot)
}

// All returns every setting, in the order in which pages and lists show them.
func All() []Definition {
	return []Definition{
		PINMinLength.Definition, PINMaxLength.Definition, PINCharacters.Definition, PINDisallowSequential.Definition,
		PINDisallowSteps.Definition, PINDisallowCommon.Definition, PINDisallowPersonal.Definition, PINHistory.Definition,
		PINGeneratedLength.Definition, PINGeneratedCharacters.Definition, PINExpirationHours.Definition, PINNoticeHours.Definition, PINNoticeConfiguration.Definition,
		PINNoticeTemplate.Definition, PINIdentifiesUser.Definition,
		UserCanChangePIN.Definition, UserCanChangePINTimes.Definition, UserCanChangePINAskCurrent.Definition,
		UserCanRequestPIN.Definition, UserCanChangeCardID.Definition, UserCanChangeCardIDWhich.Definition, UserCanChangeCardIDAuto.Definition,
		UserCanChangeCardIDTimes.Definition, UserCanViewCardID.Definition, CardIDGeneratedLength.Definition,
		CardIDGenerateForNewUsers.Definition, CardNumberConversion.Definition,
		MailConfiguration.Definition, MailPINChanged.Definition, MailPINRemoved.Definition, MailNewPINWanted.Definition, MailNumberGenerated.Definition, MailAccountLocked.Definition, NotificationRecordDays.Definition,
		CustomerName.Definition, CustomerAddress.Definition, CustomerTimeZone.Definition, CustomerLanguage.Definition,
		SignInMethods.Definition, SignInUserLimits.Definition, SignInUserForgetHours.Definition, SignInDeviceBudget.Definition,
		SignInDeviceRefill.Definition, SignInPINPerDay.Definition, AuthSecondFactorRequired.Definition, APIRatePerSecond.Definition,
	}
}

// Policy returns the PIN policy that the values make.
func Policy(v Values) cardinal.Policy {
	return cardinal.Policy{
		MinLength: PINMinLength.In(v), MaxLength: PINMaxLength.In(v), Characters: PINCharacters.In(v),
		DisallowSequential: PINDisallowSequential.In(v), DisallowSteps: PINDisallowSteps.In(v),
		DisallowCommon: PINDisallowCommon.In(v), DisallowPersonal: PINDisallowPersonal.In(v), History: PINHistory.In(v),
		GeneratedLength: PINGeneratedLength.In(v), GeneratedCharacters: PINGeneratedCharacters.In(v),
		Expiration: time.Duration(PINExpirationHours.In(v)) * time.Hour, IdentifiesUser: PINIdentifiesUser.In(v),
	}
}

// Location returns the customer's time zone.
func Location(v Values) *time.Location {
	location, err := time.LoadLocation(CustomerTimeZone.In(v))
	if err != nil {
		return time.UTC // it was known when it was set; another machine may know fewer
	}
	return location
}

// disagreements finds settings that are each in their range but not together.
func (v Values) disagreements() []cardinal.Violation {
	least, most, generated := PINMinLength.In(v), PINMaxLength.In(v), PINGeneratedLength.In(v)
	var violations []cardinal.Violation
	if most < least {
		violations = append(violations, cardinal.Violated(cardinal.ViolationInvalid, PINMaxLength.Key,
			"The maximal PIN length is below the minimal PIN length. Raise the one or lower the other."))
	} else if generated > most {
		violations = append(violations, cardinal.Violated(cardinal.ViolationInvalid, PINGeneratedLength.Key,
			"Generated PINs would be longer than the maximal PIN length. Lower their length or raise the maximum."))
	}
	return violations
}

func conversionTakes(value string) cardinal.Sentence {
	if _, err := cardformat.Parse(value); err != nil {
		return cardinal.Say("steps chained with |: hex-to-decimal, decimal-to-hex, reverse-bytes, ascii-to-text, regex:EXPRESSION with one group")
	}
	return cardinal.Sentence{}
}

func anything(string) cardinal.Sentence { return cardinal.Sentence{} }

func required(value string) cardinal.Sentence {
	if strings.TrimSpace(value) == "" {
		return cardinal.Say("a text that is not empty")
	}
	return cardinal.Sentence{}
}

// addressTakes accepts where a server is, without a path: what links begin with.
func addressTakes(value string) cardinal.Sentence {
	u, err := url.Parse(value)
	whole := err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && value == u.Scheme+"://"+u.Host
	if value != "" && !whole {
		return cardinal.Say("an address with https:// or http:// and nothing after the name and the port, as in https://pins.example.org")
	}
	return cardinal.Sentence{}
}

func timeZoneTakes(value string) cardinal.Sentence {
	if _, err := time.LoadLocation(value); err != nil || value == "" || value == "Local" {
		return cardinal.Say("the name of a time zone, as in Europe/Prague or America/New_York")
	}
	return cardinal.Sentence{}
}
