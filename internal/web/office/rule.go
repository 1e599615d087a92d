package office

import (
	"errors"
	"slices"

	"cardinal"
	"cardinal/internal/setting"
	"cardinal/internal/web"
)

// NamingRules returns err with the rule of the PIN policy before each violation
// that comes from one, as it is called in the security options: whoever has
// switched one rule off sees which further one holds (spec: pins, One door).
func NamingRules(words *web.Words, err error) error {
	var refused *cardinal.Error
	if !errors.As(err, &refused) {
		return err
	}
	named := *refused
	named.Violations = slices.Clone(refused.Violations)
	for i, v := range named.Violations {
		if rule, ok := setting.RuleBehind(v.Code); ok {
			named.Violations[i].Message = words.T("policy.rule", "Rule", words.Say(rule.Label), "Problem", words.Sentence(v.Sentence()))
		}
	}
	return &named
}
