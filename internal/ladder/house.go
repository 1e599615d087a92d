package ladder

import (
	"bytes"
	"context"
	"fmt"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/app"
	"cardinal/internal/directory"
	"cardinal/internal/setting"
)

// PeopleOf makes people with numbers and PINs, and no devices.
func PeopleOf(users int) People {
	p := People{Numbers: make([]string, users), PINs: make([]string, users)}
	for i := range users {
		p.Numbers[i] = fmt.Sprintf("04%08X", i)
		p.PINs[i] = fmt.Sprintf("93%04d7", i*7919%10000)
	}
	return p
}

// Settle makes the people users of the caller's organisation, with devices whose
// tokens it adds to them. Wrong tries cost the devices nothing: a load has more
// of them than any device in a year.
func Settle(ctx context.Context, a *app.App, caller cardinal.Caller, p *People, devices int) error {
	unlimited := "-1"
	err := a.Accounts.ChangeSettings(ctx, caller, account.SettingChange{Values: map[string]*string{setting.SignInDeviceBudget.Key: &unlimited}})
	if err != nil {
		return err
	}
	for i := range devices {
		_, token, err := a.Accounts.CreateDevice(ctx, caller, cardinal.Device{Name: fmt.Sprintf("Printer %d", i+1)})
		if err != nil {
			return err
		}
		p.Tokens = append(p.Tokens, token.Reveal())
	}
	var file bytes.Buffer
	file.WriteString("username,full name,email,primary card number,pin\n")
	for i, number := range p.Numbers {
		fmt.Fprintf(&file, "user%d,User Number %d,user%d@example.org,%s,%s\n", i, i, i, number, p.PINs[i])
	}
	done, err := a.Directory.Run(ctx, caller, &file, directory.Options{}, func(directory.Progress) error { return nil })
	if err != nil {
		return err
	}
	if done.Totals.Refused > 0 {
		return fmt.Errorf("%d of the users to measure with were refused", done.Totals.Refused)
	}
	return nil
}
