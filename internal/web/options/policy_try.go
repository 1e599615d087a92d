package options

import (
	"net/http"

	"cardinal"
	"cardinal/internal/policy"
	"cardinal/internal/setting"
	"cardinal/internal/web"
)

// tryOut is what became of a PIN that was tried; it does not hold the PIN.
type tryOut struct {
	Done     bool
	Trouble  bool // the form itself is refused, so nothing was tried
	Focus    bool // the answer to a button, which takes the focus
	Problems []tryProblem
}

// tryProblem is a rule that the PIN breaks, under its name on the page.
type tryProblem struct {
	Rule string // may be empty
	Text string
}

// tryPart answers scripts while a PIN is typed or the form is edited.
func (h *policyPage) tryPart(w http.ResponseWriter, r *http.Request) error {
	views, form, err := h.read(r)
	if err != nil {
		return err
	}
	pin := cardinal.NewPIN(r.PostForm.Get("try"))
	if pin.IsZero() {
		return h.page.ShowPart(w, r, "policy-try", policyData{})
	}
	result, err := h.try(r, views, form, pin)
	if err != nil {
		return err
	}
	return h.page.ShowPart(w, r, "policy-try", policyData{Try: result})
}

// try judges a PIN by the form as it stands, and keeps neither. It knows no
// user, so it cannot tell whether the PIN is or was somebody's.
func (h *policyPage) try(r *http.Request, views []settingView, form *web.Form, pin cardinal.PIN) (tryOut, error) {
	words := web.WordsOf(r)
	next, ok, err := h.judged(r, views, form)
	if err != nil {
		return tryOut{}, err
	}
	result := tryOut{Done: true}
	if !ok {
		result.Trouble = true
		for _, problem := range form.Problems() {
			result.Problems = append(result.Problems, tryProblem{Text: problem.Message})
		}
		return result, nil
	}
	for _, v := range policy.Check(setting.Policy(next), pin, cardinal.Owner{}) {
		problem := tryProblem{Text: words.Sentence(v.Sentence())}
		if rule, ok := setting.RuleBehind(v.Code); ok {
			problem.Rule = words.Say(rule.Label)
		}
		result.Problems = append(result.Problems, problem)
	}
	return result, nil
}
