package options

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"

	"cardinal"
	"cardinal/internal/web"
)

// maxSteps is how many steps the lockout takes, and the others are the bounds of
// one; setting signin.user.limits checks them again.
const (
	maxSteps       = 10
	maxWrong       = 1000
	maxLockSeconds = 7 * 24 * 60 * 60
)

// The units in which a lock is typed.
const (
	unitSeconds  = "seconds"
	unitMinutes  = "minutes"
	unitHours    = "hours"
	unitUnlocked = "unlocked" // until somebody unlocks
)

// secondsIn returns how long a unit is, 0 for the lock without end.
func secondsIn(unit string) int {
	switch unit {
	case unitSeconds:
		return 1
	case unitMinutes:
		return 60
	case unitHours:
		return 3600
	}
	return 0
}

// typedStep is a step of the lockout as it stands in the form.
type typedStep struct{ Wrong, For, Unit string }

// lockStep is a step as fields of the form.
type lockStep struct {
	Number           int // from 1
	Wrong, For, Unit *web.Field
	Remove           string // the value of the button
	Focus            bool
}

func stepName(i int, part string) string { return "step." + strconv.Itoa(i) + "." + part }

// typedSteps writes the steps of a setting in the largest units that fit.
func typedSteps(raw string) []typedStep {
	var limits []cardinal.LockLimit
	if json.Unmarshal([]byte(raw), &limits) != nil {
		return nil
	}
	steps := make([]typedStep, len(limits))
	for i, limit := range limits {
		count, unit := inUnits(limit.LockSeconds)
		steps[i] = typedStep{Wrong: strconv.Itoa(limit.Wrong), Unit: unit}
		if unit != unitUnlocked {
			steps[i].For = strconv.Itoa(count)
		}
	}
	return steps
}

func inUnits(seconds int) (count int, unit string) {
	switch {
	case seconds == 0:
		return 0, unitUnlocked
	case seconds%3600 == 0:
		return seconds / 3600, unitHours
	case seconds%60 == 0:
		return seconds / 60, unitMinutes
	}
	return seconds, unitSeconds
}

// postedSteps reads the steps that a form was sent with.
func postedSteps(posted url.Values) []typedStep {
	var steps []typedStep
	for i := range maxSteps {
		if !posted.Has(stepName(i, "wrong")) {
			break
		}
		steps = append(steps, typedStep{posted.Get(stepName(i, "wrong")), posted.Get(stepName(i, "for")), posted.Get(stepName(i, "unit"))})
	}
	return steps
}

func addSteps(form *web.Form, words *web.Words, steps []typedStep) {
	for i := range steps {
		form.Add(web.Field{Name: stepName(i, "wrong"), Kind: web.Number, Label: words.T("signin.step-wrong"), MaxLength: 5})
		form.Add(web.Field{Name: stepName(i, "for"), Kind: web.Number, Label: words.T("signin.step-for"), MaxLength: 7})
		unit := web.Field{Name: stepName(i, "unit"), Kind: web.Select, Label: words.T("signin.step-unit")}
		for _, value := range []string{unitSeconds, unitMinutes, unitHours, unitUnlocked} {
			unit.Options = append(unit.Options, web.Option{Value: value, Label: words.Code("lock-unit", value, "")})
		}
		form.Add(unit)
	}
	setSteps(form, steps)
}

func setSteps(form *web.Form, steps []typedStep) {
	for i, step := range steps {
		form.Set(stepName(i, "wrong"), step.Wrong)
		form.Set(stepName(i, "for"), step.For)
		form.Set(stepName(i, "unit"), step.Unit)
	}
}

func lockSteps(form *web.Form, count int) []lockStep {
	steps := make([]lockStep, count)
	for i := range steps {
		steps[i] = lockStep{
			Number: i + 1, Wrong: form.Field(stepName(i, "wrong")), For: form.Field(stepName(i, "for")), Unit: form.Field(stepName(i, "unit")),
			Remove: "remove." + strconv.Itoa(i),
		}
	}
	return steps
}

// readSteps returns the steps as the setting's JSON. What is no step is refused
// at its field.
func readSteps(form *web.Form, words *web.Words, steps []lockStep) string {
	limits := []cardinal.LockLimit{}
	if len(steps) == 0 {
		form.Violate("", words.T("signin.no-step"))
	}
	before := 0
	for i, step := range steps {
		limit := cardinal.LockLimit{Wrong: wholeNumber(form.Value(step.Wrong.Name)), LockSeconds: lockOf(form, step)}
		switch {
		case limit.Wrong < 1 || limit.Wrong > maxWrong:
			form.Violate(step.Wrong.Name, words.T("signin.step-wrong-range", "Step", step.Number, "Most", maxWrong))
		case limit.Wrong <= before:
			form.Violate(step.Wrong.Name, words.T("signin.step-wrong-rising", "Step", step.Number))
		}
		switch {
		case form.Value(step.Unit.Name) != unitUnlocked && (limit.LockSeconds < 1 || limit.LockSeconds > maxLockSeconds):
			form.Violate(step.For.Name, words.T("signin.step-for-range", "Step", step.Number))
		case limit.LockSeconds == 0 && i < len(steps)-1:
			form.Violate(step.Unit.Name, words.T("signin.step-last", "Step", step.Number))
		}
		before = limit.Wrong
		limits = append(limits, limit)
	}
	return jsonOf(limits)
}

// lockOf returns how many seconds a step locks, -1 for what is no time.
func lockOf(form *web.Form, step lockStep) int {
	unit := form.Value(step.Unit.Name)
	if unit == unitUnlocked {
		return 0
	}
	count := wholeNumber(form.Value(step.For.Name))
	if count < 0 || count > maxLockSeconds {
		return -1
	}
	return count * secondsIn(unit)
}

// wholeNumber returns the number that was typed, -1 for what is none.
func wholeNumber(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return -1
	}
	return n
}

// limitsInWords says what a lockout does, step by step.
func limitsInWords(words *web.Words, raw string) string {
	var limits []cardinal.LockLimit
	if json.Unmarshal([]byte(raw), &limits) != nil {
		return raw
	}
	parts := make([]string, len(limits))
	for i, limit := range limits {
		count, unit := inUnits(limit.LockSeconds)
		var lock string
		switch unit {
		case unitUnlocked:
			lock = words.T("signin.lock-unlocked")
		case unitHours:
			lock = words.T("signin.lock-hours", "Count", count)
		case unitMinutes:
			lock = words.T("signin.lock-minutes", "Count", count)
		default:
			lock = words.T("signin.lock-seconds", "Count", count)
		}
		parts[i] = words.T("signin.step-in-words", "Wrong", limit.Wrong, "Lock", lock)
	}
	return strings.Join(parts, " ")
}
