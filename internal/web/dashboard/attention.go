package dashboard

import (
	"net/http"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/signin"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

// attention lists what somebody should look at, the most pressing first; nil is
// a good day.
func attention(r *http.Request, o account.Overview, lately []signin.Count, failed cardinal.ImportID) []matter {
	words, caller := web.WordsOf(r), web.CallerOf(r)
	var list []matter
	add := func(when bool, tone web.Tone, text, url string) {
		if when {
			list = append(list, matter{tone, text, web.Link{URL: url, Label: words.T("dashboard.show")}})
		}
	}
	users := func(n int, tone web.Tone, text string, filter account.UserFilter) {
		add(n > 0, tone, text, filtered(filter))
	}
	users(o.Locked, web.ToneDanger, words.T("dashboard.locked", "Count", o.Locked), account.FilterLocked)
	stopped := lockedDevices(lately)
	add(stopped > 0, web.ToneDanger, words.T("dashboard.device-locked", "Count", stopped),
		office.SignInsPath+office.Query("outcome", string(cardinal.OutcomeDeviceLocked)))
	add(failed != "", web.ToneDanger, words.T("dashboard.failed-import"), office.ImportPath+"/"+string(failed))
	below, before := o.Standing.BelowPolicy, o.Standing.BeforePolicy
	users(below, web.ToneWarning, words.T("dashboard.below-policy", "Count", below), account.FilterPINBelowPolicy)
	if o.PINsIdentify {
		n := o.Standing.NotIdentifying
		users(n, web.ToneWarning, words.T("dashboard.not-identifying", "Count", n), account.FilterPINNotIdentified)
	}
	readsOptions := caller.May(cardinal.PermReadOptions)
	add(readsOptions && o.WithoutSecondFactor > 0, web.ToneWarning, words.T("dashboard.one-factor", "Count", o.WithoutSecondFactor), office.AdministratorsPath)
	users(before, web.ToneInfo, words.T("dashboard.before-policy", "Count", before), account.FilterPINBeforePolicy)
	users(o.WithoutAddress, web.ToneInfo, words.T("dashboard.no-address", "Count", o.WithoutAddress), account.FilterNoAddress)
	add(readsOptions && o.NeverSeen > 0, web.ToneInfo, words.T("dashboard.never-seen", "Count", o.NeverSeen), office.DevicesPath)
	if caller.May(cardinal.PermWriteOptions) && o.Devices == 0 {
		list = append(list, matter{web.ToneInfo, words.T("dashboard.no-devices"), web.Link{URL: office.NewDevicePath, Label: words.T("dashboard.add-device")}})
	}
	return list
}

// lockedDevices counts the tries of the last day that a device over its budget
// made.
func lockedDevices(lately []signin.Count) int {
	n := 0
	for _, count := range lately {
		if count.Outcome == cardinal.OutcomeDeviceLocked {
			n += int(count.Tries)
		}
	}
	return n
}
