package browser

import (
	"time"

	"cardinal/internal/browsertest"
)

// optionsLooks are the pages of *Security options* and *Options › General* in
// their states.
func optionsLooks() []look {
	signIn := "/security-options/sign-in"
	return []look{
		{"risk-alone", adminName, "/security-options", func(s *stage) {
			s.tick(at("policy-pin.identifies-user"), true)
			s.Follow("button[value=risk]")
			s.Click("#risk-chart summary")
		}},
		{"risk-proposed", adminName, "/security-options", press("button[value=propose]")},
		{"policy-try-accepted", adminName, "/security-options", func(s *stage) {
			s.Type("#try", "805913")
			s.Follow("button[value=try]")
		}},
		{"policy-stricter", adminName, "/security-options", func(s *stage) {
			s.clock.add(time.Minute)
			s.set("pin.history", "2")
			s.open("/security-options?stricter")
		}},
		{"sign-in-options", adminName, signIn, nil},
		{"sign-in-options-step", adminName, signIn, press("button[value=add]")},
		{"sign-in-options-refused", adminName, signIn, func(s *stage) {
			s.fill(at("sign-in-step.1.wrong"), "4")
			s.fill(at("sign-in-step.0.for"), "soon")
			s.Follow("#sign-in .form-actions button")
		}},
		{"sign-in-options-unlimited", adminName, signIn, func(s *stage) {
			browsertest.Eval[bool](s.Browser, `(document.querySelector('[name="signin.pin.wrong-per-day.unlimited"]').checked = true, true)`)
		}},
		{"sign-in-options-auditor", "aurel", signIn, nil},
		{"config-refused", adminName, "/options/config-editor?find=history", func(s *stage) {
			s.fill(at("setting-pin-history-form-pin.history"), "99")
			s.Follow("#setting-pin-history .form-actions button")
		}},
	}
}
