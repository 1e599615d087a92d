package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"cardinal"
	"cardinal/internal/app"
	"cardinal/internal/notify"
)

type mailGroup struct {
	List mailList `cmd:"" help:"List the messaging configurations: how e-mail leaves."`
	Test mailTest `cmd:"" help:"Send a test e-mail and print what the mail server says."`
}

type mailList struct{}

// configurationJSON is a messaging configuration as the API shows it, as far as
// a list needs it. Secrets are never among it.
type configurationJSON struct {
	ID             cardinal.ConfigurationID    `json:"id"`
	Name           string                      `json:"name"`
	Host           string                      `json:"host"`
	Port           int                         `json:"port"`
	Security       cardinal.MailSecurity       `json:"security"`
	Authentication cardinal.MailAuthentication `json:"authentication"`
	Username       string                      `json:"username"`
	SenderAddress  string                      `json:"senderAddress"`
	SenderName     string                      `json:"senderName"`
	ReplyTo        string                      `json:"replyTo"`
	RatePerMinute  int                         `json:"ratePerMinute"`
	UsedBy         []string                    `json:"usedBy"`
}

// Run prints a line for each messaging configuration.
func (mailList) Run(ctx context.Context, g *Global, t terminal) error {
	return g.with(ctx, func(a *app.App, caller cardinal.Caller) error {
		views, err := a.Notify.Configurations(ctx, caller)
		if err != nil {
			return err
		}
		if g.JSON {
			items := make([]configurationJSON, len(views))
			for i, v := range views {
				items[i] = configurationJSON{
					v.ID, v.Name, v.Host, v.Port, v.Security, v.Authentication, v.Username, v.SenderAddress, v.SenderName, v.ReplyTo, v.RatePerMinute,
					append([]string{}, v.UsedBy...),
				}
			}
			return printJSON(t, map[string]any{"items": items})
		}
		return printTable(t, views, func(v notify.ConfigurationView) []string {
			return []string{v.Name, fmt.Sprintf("%s:%d", v.Host, v.Port), string(v.Security), v.SenderAddress, strings.Join(v.UsedBy, ", ")}
		})
	})
}

// printTable prints a line of columns for each thing.
func printTable[T any](t terminal, things []T, columns func(T) []string) error {
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	for _, thing := range things {
		_, _ = fmt.Fprintln(table, strings.Join(columns(thing), "\t")) // Flush tells of what cannot be written
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

type mailTest struct {
	Configuration string `required:"" placeholder:"NAME" help:"The name of the messaging configuration."`
	To            string `required:"" placeholder:"ADDRESS" help:"The address that the test e-mail goes to."`
}

// Run sends a test e-mail. One that could not be sent ends it with exit code 1.
func (c mailTest) Run(ctx context.Context, g *Global, t terminal) error {
	return g.with(ctx, func(a *app.App, caller cardinal.Caller) error {
		id, err := c.find(ctx, a, caller)
		if err != nil {
			return err
		}
		tried, err := a.Notify.SendTest(ctx, caller, id, c.To)
		switch {
		case err != nil:
			return err
		case g.JSON:
			err = printJSON(t, map[string]any{"sent": tried.Sent, "explanation": filled(tried.Explanation.String()), "answer": filled(tried.Answer)})
		case tried.Sent:
			return printLine(t, "Sent. The mail server said: %s", tried.Answer)
		default:
			return cardinal.Errorf(cardinal.CodeUnavailable, "%s", tried.Explanation)
		}
		if err == nil && !tried.Sent {
			err = errNotSent
		}
		return err
	})
}

func (c mailTest) find(ctx context.Context, a *app.App, caller cardinal.Caller) (cardinal.ConfigurationID, error) {
	views, err := a.Notify.Configurations(ctx, caller)
	if err != nil {
		return "", err
	}
	for _, v := range views {
		if strings.EqualFold(v.Name, c.Configuration) {
			return v.ID, nil
		}
	}
	return "", cardinal.Errorf(cardinal.CodeNotFound, "There is no messaging configuration of that name. \"cardinal mail list\" shows all.")
}

// filled is null in JSON where there is no text.
func filled(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
