package policy

import (
	"math"
	"time"

	"cardinal"
)

// YearlyRiskMax is the chance of a hit in a year that ShortestLength keeps
// below (spec: pins, Guessing risk).
const YearlyRiskMax = 0.01

const (
	daysPerYear    = 365
	minutesPerYear = daysPerYear * 24 * 60
	year           = daysPerYear * 24 * time.Hour
)

// Unlimited is a budget of wrong tries that is switched off.
const Unlimited = -1

// UserLimit is one step of setting signin.user.limits: so many wrong tries
// lock the user for so long.
type UserLimit struct {
	Wrong int
	Lock  time.Duration // 0: until somebody unlocks the user
}

// Lockout is what the settings signin.* leave a guesser (spec: signin).
type Lockout struct {
	UserLimits            []UserLimit   // ascending; those with a lock of 0 end it
	UserForget            time.Duration // without a wrong try, after which the user's count is forgotten; 0: never
	DeviceBudget          int           // wrong tries a device takes at once, or Unlimited
	DeviceRefillPerMinute int           // wrong tries a device gains back a minute
	PINAlonePerDay        int           // wrong tries by PIN alone a day in the customer, or Unlimited
}

// Situation is where guessing happens. Fewer than one device counts as one.
type Situation struct {
	Holders int // users who hold a PIN
	Devices int
	Lockout Lockout
}

// Risk is what guessing is worth against PINs of one length. The guesser knows
// the policy, never tries a PIN twice, uses every device as fast as the
// lockout allows, all year, unnoticed; PINs are drawn as Generate does. Chosen
// PINs are guessed sooner.
type Risk struct {
	Length       int
	Acceptable   float64 // S, how many PINs there are to guess from
	Targets      int     // N, how many of them are right: the holders, or 1 for a known card or username
	OneGuess     float64 // chance that one guess is right, N/S
	GuessesToHit float64 // expected guesses up to and with the first right one, (S+1)/(N+1); +Inf without targets
	TriesPerYear float64 // guesses that the lockout leaves; +Inf when nothing limits them
	Yearly       float64 // chance of at least one right guess in a year
}

// GuessingRisk returns the risk under p for PINs of that length, 1 to 64.
// Where p lets a PIN alone identify a user, each guess is at all holders at
// once and devices and the daily budget limit it; otherwise it is at one user
// whose card or username is known, and the user's own lockout limits it too.
// Every figure for ten times the holders is the same call with ten times N.
//
// N/S, (S+1)/(N+1) and the yearly chance 1 − C(S−N,t)/C(S,t) are those of
// drawing t of S balls without putting back, N of them red: the negative
// hypergeometric distribution.
func GuessingRisk(p cardinal.Policy, length int, s Situation) Risk {
	r := Risk{Length: length, Acceptable: Acceptable(p, length), Targets: 1}
	if p.IdentifiesUser {
		r.Targets = max(s.Holders, 0)
		r.TriesPerYear = min(s.deviceTries(), s.pinAloneTries())
	} else {
		r.TriesPerYear = min(s.deviceTries(), s.Lockout.userTries())
	}
	r.OneGuess = min(1, float64(r.Targets)/r.Acceptable)
	r.GuessesToHit = max(1, (r.Acceptable+1)/(float64(r.Targets)+1))
	if r.Targets == 0 {
		r.GuessesToHit = math.Inf(1)
	}
	r.Yearly = chanceOfHit(r.Acceptable, float64(r.Targets), math.Floor(r.TriesPerYear))
	return r
}

// ShortestLength returns the shortest length that p allows at which the yearly
// risk is below YearlyRiskMax; false where even the longest is not enough.
func ShortestLength(p cardinal.Policy, s Situation) (int, bool) {
	for length := p.MinLength; length <= p.MaxLength; length++ {
		if GuessingRisk(p, length, s).Yearly < YearlyRiskMax {
			return length, true
		}
	}
	return 0, false
}

// TimeToHit returns how long GuessesToHit take at the pace of TriesPerYear, a
// whole number of days of at least one; false where that is over a century.
func (r Risk) TimeToHit() (days int, ok bool) {
	const century = 100 * daysPerYear
	wait := math.Ceil(r.GuessesToHit / r.TriesPerYear * daysPerYear)
	if !(wait <= century) {
		return 0, false
	}
	return max(1, int(wait)), true
}

// deviceTries returns the tries a year that all devices together take.
func (s Situation) deviceTries() float64 {
	if s.Lockout.DeviceBudget < 0 {
		return math.Inf(1)
	}
	each := float64(s.Lockout.DeviceBudget) + float64(s.Lockout.DeviceRefillPerMinute)*minutesPerYear
	return each * float64(max(s.Devices, 1))
}

func (s Situation) pinAloneTries() float64 {
	if s.Lockout.PINAlonePerDay < 0 {
		return math.Inf(1)
	}
	return float64(s.Lockout.PINAlonePerDay) * daysPerYear
}

// userTries returns the tries a year at one user. The patient guesser stops
// one short of the lock that only people end, waits until the count is
// forgotten, and begins anew; that last try comes at the end of the year.
// Without such a lock, what comes after the last step is not limited here.
func (l Lockout) userTries() float64 {
	var locked time.Duration
	for _, limit := range l.UserLimits {
		if limit.Lock > 0 {
			locked += limit.Lock
			continue
		}
		if l.UserForget <= 0 {
			return float64(limit.Wrong)
		}
		rounds := math.Floor(float64(year) / float64(l.UserForget+locked))
		return rounds*float64(limit.Wrong-1) + float64(limit.Wrong)
	}
	return math.Inf(1)
}

// chanceOfHit returns the chance that tries different guesses among all PINs
// have at least one of the right ones: 1 − C(all−right,tries)/C(all,tries).
// The quotient is the product of 1 − a/(all−i) over i < b, whichever of right
// and tries is a and which b; the smaller one is b. Its logarithm is summed in
// up to 4096 blocks, the middle of a block standing for all of it.
func chanceOfHit(all, right, tries float64) float64 {
	a, b := max(right, tries), min(right, tries)
	if b <= 0 {
		return 0
	}
	if a+b > all {
		return 1
	}
	blocks := min(b, 4096)
	size := b / blocks
	var logMiss float64
	for block := range int(blocks) {
		middle := (float64(block)+0.5)*size - 0.5
		logMiss += size * math.Log1p(-a/(all-middle))
	}
	return -math.Expm1(logMiss)
}
