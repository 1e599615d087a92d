package account

import (
	"slices"

	"cardinal"
)

// problems gathers everything that is wrong with one change.
type problems struct {
	violations []cardinal.Violation
	forbidden  error
}

func (p *problems) add(err error) {
	if err == nil {
		return
	}
	violations := cardinal.ViolationsOf(err)
	if len(violations) == 0 {
		p.forbidden = err
		return
	}
	p.addAll(violations)
}

func (p *problems) addAll(violations []cardinal.Violation) {
	p.violations = append(p.violations, violations...)
}

// door takes what the door answered: its violations join the others, while what
// is not about the change itself is returned.
func (p *problems) door(err error) error {
	if err != nil && len(cardinal.ViolationsOf(err)) > 0 {
		p.add(err)
		return nil
	}
	return err
}

func (p *problems) is(field string) bool {
	return slices.ContainsFunc(p.violations, func(v cardinal.Violation) bool { return v.Field == field })
}

// err is what the caller sees: forbidden before all else, then a policy
// violation if the PIN is among them, a conflict if all that is wrong is taken,
// and otherwise invalid.
func (p *problems) err() error {
	switch {
	case p.forbidden != nil:
		return p.forbidden
	case len(p.violations) == 0:
		return nil
	}
	e := &cardinal.Error{Code: cardinal.CodeInvalid, Detail: "Some fields are not right. Nothing was changed.", Violations: p.violations}
	allTaken := true
	for _, v := range p.violations {
		allTaken = allTaken && v.Code == cardinal.ViolationTaken
	}
	switch {
	case p.is("pin"):
		e.Code, e.Detail = cardinal.CodePolicyViolation, "The PIN does not meet the policy. Nothing was changed."
	case allTaken:
		e.Code, e.Detail = cardinal.CodeConflict, p.violations[0].Message
	}
	return e
}
