package people

import (
	"strings"

	"cardinal"
	"cardinal/internal/bulk"
	"cardinal/internal/web"
)

// bulkWords is what the page that asks says of one kind of action.
type bulkWords struct {
	question string
	effects  []string
	button   string
	danger   bool
}

func wordsOfBulk(words *web.Words, kind bulk.Kind, count int) bulkWords {
	switch kind {
	case bulk.GenerateNumbers:
		return bulkWords{question: words.T("bulk.numbers-ask", "Count", count), button: words.T("bulk.numbers-button", "Count", count)}
	case bulk.IssuePINs:
		return bulkWords{
			question: words.T("bulk.issue-ask", "Count", count), button: words.T("bulk.issue-button", "Count", count), danger: true,
			effects: []string{words.T("bulk.issue-replaces"), words.T("bulk.issue-once")},
		}
	case bulk.MailPINs:
		return bulkWords{
			question: words.T("bulk.mail-ask", "Count", count), button: words.T("bulk.mail-button", "Count", count), danger: true,
			effects: []string{words.T("bulk.issue-replaces"), words.T("bulk.mail-refuses")},
		}
	case bulk.Invite:
		return bulkWords{
			question: words.T("bulk.invite-ask", "Count", count), button: words.T("bulk.invite-button", "Count", count),
			effects: []string{words.T("bulk.invite-effect"), words.T("bulk.invite-refuses")},
		}
	case bulk.RequireNewPINs:
		return bulkWords{
			question: words.T("bulk.require-ask", "Count", count), button: words.T("bulk.require-button", "Count", count),
			effects: []string{words.T("bulk.require-works"), words.T("bulk.require-until"), words.T("bulk.require-mail")},
		}
	case bulk.ExpirePINs:
		return bulkWords{
			question: words.T("bulk.expire-ask", "Count", count), button: words.T("bulk.expire-button"), danger: true,
			effects: []string{words.T("bulk.expire-earlier"), words.T("bulk.expire-then")},
		}
	case bulk.RemovePINs:
		return bulkWords{
			question: words.T("bulk.remove-ask", "Count", count), button: words.T("bulk.remove-button", "Count", count), danger: true,
			effects: []string{words.T("bulk.remove-effect")},
		}
	case bulk.Disable:
		return bulkWords{
			question: words.T("bulk.disable-ask", "Count", count), button: words.T("bulk.disable-button", "Count", count), danger: true,
			effects: []string{words.T("bulk.disable-effect"), words.T("bulk.disable-keeps")},
		}
	case bulk.Enable:
		return bulkWords{
			question: words.T("bulk.enable-ask", "Count", count), button: words.T("bulk.enable-button", "Count", count),
			effects: []string{words.T("bulk.enable-effect")},
		}
	}
	return bulkWords{}
}

// counted are the sentences about who is selected and will not be changed.
func counted(words *web.Words, plan bulk.Plan) []string {
	var sentences []string
	for _, part := range []struct {
		count int
		text  string
	}{
		{plan.Unchanged, words.T("bulk.plan-unchanged", "Count", plan.Unchanged)},
		{plan.Refused, words.T("bulk.plan-refused", "Count", plan.Refused)},
		{plan.Missing, words.T("bulk.plan-missing", "Count", plan.Missing)},
	} {
		if part.count > 0 {
			sentences = append(sentences, part.text)
		}
	}
	if plan.Rough {
		sentences = append(sentences, words.T("bulk.plan-rough"))
	}
	return sentences
}

// bulkState is the badge of a run.
func bulkState(words *web.Words, run bulk.Run) web.Badge {
	text, tone := words.Code("bulk-state", string(run.State), ""), web.ToneNeutral
	switch {
	case run.Stopping:
		return web.Badge{Tone: web.ToneInfo, Text: words.T("bulk.stopping")}
	case run.Waiting:
		return web.Badge{Tone: web.ToneInfo, Text: words.T("bulk.waiting")}
	case run.State == bulk.Running:
		tone = web.ToneInfo
	case run.State == bulk.Done && run.Refused == 0:
		tone = web.ToneSuccess
	case run.State == bulk.Done:
		tone = web.ToneWarning
	case run.State == bulk.Failed:
		tone = web.ToneDanger
	}
	return web.Badge{Tone: tone, Text: text}
}

func outcomeBadge(words *web.Words, outcome bulk.Outcome) web.Badge {
	tone := web.ToneNeutral
	switch outcome {
	case bulk.Changed:
		tone = web.ToneSuccess
	case bulk.Refused:
		tone = web.ToneDanger
	}
	return web.Badge{Tone: tone, Text: words.Code("bulk-outcome", string(outcome), "")}
}

// whoStarted is the name of who started a run; what is no person says what it is.
func whoStarted(run bulk.Run) string {
	return strings.TrimPrefix(run.Actor, string(cardinal.CallerUser)+" ")
}
