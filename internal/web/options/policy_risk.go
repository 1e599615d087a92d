package options

import (
	"math"
	"net/http"

	"cardinal"
	"cardinal/internal/policy"
	"cardinal/internal/setting"
	"cardinal/internal/web"
)

// The lengths that the chart compares (spec: pins, Guessing risk).
const (
	chartShortest = 4
	chartLongest  = 10
	chartGrowth   = 10 // how many times as many users the second line stands for
)

// riskView is what guessing is worth under the policy in the form.
type riskView struct {
	Known    bool   // false: the form is refused, and there is nothing to reckon with
	Basis    string // what was reckoned with
	Ways     []riskWay
	Chart    web.Chart
	Verdict  web.Notice // whether the minimal length is enough
	Proposal int        // the length to fill in; 0: none
}

// riskWay is one way to guess.
type riskWay struct {
	Title    string
	Sentence string
	Facts    []web.Fact
}

// riskPart answers scripts while the form is edited.
func (h *policyPage) riskPart(w http.ResponseWriter, r *http.Request) error {
	views, form, err := h.read(r)
	if err != nil {
		return err
	}
	data := policyData{Form: form}
	if err := h.weigh(r, views, &data); err != nil {
		return err
	}
	return h.page.ShowPart(w, r, "policy-weight", data)
}

// weigh fills in the risk, and how the PINs stand, for the policy in the form.
func (h *policyPage) weigh(r *http.Request, views []settingView, data *policyData) error {
	caller := web.CallerOf(r)
	values, err := h.Accounts.Values(r.Context(), caller)
	if err != nil {
		return err
	}
	next, known := values, true
	switch {
	case data.Form == nil:
	case data.Form.Refused():
		known = false
	default:
		if next, known, err = h.judged(r, views, data.Form); err != nil {
			return err
		}
	}
	situation, err := h.Accounts.Situation(r.Context(), caller)
	if err != nil {
		return err
	}
	identifies := setting.PINIdentifiesUser.In(values) || setting.PINIdentifiesUser.In(next)
	data.Standing = standingOf(r, situation.Standing, identifies)
	if !known {
		return nil
	}
	data.Notices = noticesAbout(web.WordsOf(r), next)
	data.Risk = riskOf(web.WordsOf(r), setting.Policy(next), situation.Situation)
	if data.Form == nil {
		data.Risk.Proposal = 0 // there is nothing to fill in
	}
	return nil
}

func riskOf(words *web.Words, p cardinal.Policy, s policy.Situation) riskView {
	view := riskView{
		Known: true,
		Basis: words.T("risk.basis", "Users", words.T("risk.holders", "Count", s.Holders), "Devices", words.T("risk.devices", "Count", s.Devices)),
		Chart: riskChart(words, p, s),
	}
	for _, alone := range waysOf(p) {
		view.Ways = append(view.Ways, wayOf(words, alone, riskAt(p, alone, p.MinLength, s)))
	}
	length, ok := shortest(p, s)
	switch {
	case !ok:
		view.Verdict = web.Notice{
			Tone: web.ToneWarning, Text: words.T("risk.no-length", "Most", p.MaxLength),
			Link: web.Link{URL: signInPath, Label: words.T("risk.tighten")},
		}
	case length > p.MinLength:
		view.Verdict = web.Notice{Tone: web.ToneWarning, Text: words.T("risk.too-short", "Length", length)}
		view.Proposal = length
	case length < p.MinLength:
		view.Verdict = web.Notice{Tone: web.ToneSuccess, Text: words.T("risk.enough-longer", "Length", p.MinLength, "Shortest", length)}
	default:
		view.Verdict = web.Notice{Tone: web.ToneSuccess, Text: words.T("risk.enough", "Length", length)}
	}
	return view
}

// waysOf are the ways to guess under a policy: by PIN alone or not.
func waysOf(p cardinal.Policy) []bool {
	if p.IdentifiesUser {
		return []bool{false, true}
	}
	return []bool{false}
}

func riskAt(p cardinal.Policy, alone bool, length int, s policy.Situation) policy.Risk {
	p.IdentifiesUser = alone
	return policy.GuessingRisk(p, length, s)
}

// shortest returns the shortest length a policy can ask for that keeps the
// yearly risk of every way below policy.YearlyRiskMax.
func shortest(p cardinal.Policy, s policy.Situation) (int, bool) {
	length := 0
	for _, alone := range waysOf(p) {
		asked := p
		asked.IdentifiesUser, asked.MinLength = alone, cardinal.PINMinLength
		least, ok := policy.ShortestLength(asked, s)
		if !ok {
			return 0, false
		}
		length = max(length, least)
	}
	return length, true
}

func wayOf(words *web.Words, alone bool, risk policy.Risk) riskWay {
	way := riskWay{Title: words.T("risk.card"), Sentence: guessOnOne(words, policy.FrequencyOf(risk.OneGuess))}
	if alone {
		way.Title, way.Sentence = words.T("risk.alone"), guessOnAnybody(words, policy.FrequencyOf(risk.OneGuess))
	}
	if risk.Targets == 0 {
		return way
	}
	way.Facts = []web.Fact{
		{Label: words.T("risk.expected"), Text: words.T("risk.guesses", "Number", amount(words, risk.GuessesToHit))},
		{Label: words.T("risk.pace"), Text: pace(words, risk)},
		{Label: words.T("risk.until"), Text: untilHit(words, risk)},
		{Label: words.T("risk.yearly"), Text: chance(words, risk.Yearly)},
	}
	return way
}

func pace(words *web.Words, risk policy.Risk) string {
	if math.IsInf(risk.TriesPerYear, 1) {
		return words.T("risk.no-limit")
	}
	return words.T("risk.a-year", "Number", amount(words, policy.Round(risk.TriesPerYear)))
}

func untilHit(words *web.Words, risk policy.Risk) string {
	const month, year = 30.4, 365.0
	days, ok := risk.TimeToHit()
	switch {
	case !ok:
		return words.T("risk.century")
	case days <= 1:
		return words.T("risk.within-a-day")
	case days < 60:
		return words.T("risk.days", "Count", days)
	case days < 2*year:
		return words.T("risk.months", "Count", int(math.Round(float64(days)/month)))
	}
	return words.T("risk.years", "Count", int(math.Round(float64(days)/year)))
}

// riskChart compares lengths. With card and PIN a guess is at one account, so
// that the number of users makes no difference and there is one line.
func riskChart(words *web.Words, p cardinal.Policy, s policy.Situation) web.Chart {
	chart := web.Chart{
		ID: "risk-chart", Title: words.T("risk.chart"), Kind: web.ChartLines, Across: words.T("risk.chart-length"), Up: words.T("risk.chart-chance"),
		Log: true, Mark: web.ChartMark{Value: policy.YearlyRiskMax, Label: words.T("risk.chart-mark")},
		Text: func(value float64) string { return chance(words, value) },
	}
	more := s
	more.Holders *= chartGrowth
	if p.IdentifiesUser && s.Holders > 0 {
		chart.Series = []web.ChartSeries{
			{Label: words.T("risk.chart-today", "Count", s.Holders), Tone: web.ToneInfo}, {Label: words.T("risk.chart-more"), Tone: web.ToneWarning},
		}
	} else {
		p.IdentifiesUser = false
		chart.Series = []web.ChartSeries{{Label: words.T("risk.chart-card"), Tone: web.ToneInfo}}
	}
	for length := chartShortest; length <= chartLongest; length++ {
		chart.Categories = append(chart.Categories, web.ChartCategory{Label: words.Number(length), Name: words.T("risk.chart-category", "Count", length)})
		for i, situation := range []policy.Situation{s, more}[:len(chart.Series)] {
			chart.Series[i].Values = append(chart.Series[i].Values, policy.GuessingRisk(p, length, situation).Yearly)
		}
	}
	today := chart.Series[0].Values
	chart.Summary = words.T("risk.chart-summary", "Shortest", chartShortest, "Least", chance(words, today[0]),
		"Longest", chartLongest, "Most", chance(words, today[len(today)-1]))
	return chart
}
