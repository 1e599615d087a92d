package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/app"
	"cardinal/internal/setting"
)

type settingGroup struct {
	Get  settingGet  `cmd:"" help:"Print the value of a setting."`
	Set  settingSet  `cmd:"" help:"Change a setting."`
	List settingList `cmd:"" help:"List the settings."`
}

// settingJSON is a setting as the API shows it.
type settingJSON struct {
	Key         string          `json:"key"`
	Value       json.RawMessage `json:"value"`
	Default     json.RawMessage `json:"default"`
	Type        setting.Type    `json:"type"`
	Description string          `json:"description"`
	Modified    bool            `json:"modified"`
}

func asJSON(v account.SettingView) settingJSON {
	return settingJSON{v.Key, json.RawMessage(v.Value), json.RawMessage(v.Default), v.Type, v.Meaning, v.Modified}
}

type settingGet struct {
	Key string `arg:"" help:"The setting's key, as pin.min-length."`
}

// Run prints the value: a text without its quotes, everything else as JSON.
func (c settingGet) Run(ctx context.Context, g *Global, t terminal) error {
	return g.with(ctx, func(a *app.App, caller cardinal.Caller) error {
		view, err := a.Accounts.Setting(ctx, caller, c.Key)
		if err != nil {
			return err
		}
		if g.JSON {
			return printJSON(t, asJSON(view))
		}
		return printLine(t, "%s", plain(view.Value))
	})
}

func plain(value string) string {
	var text string
	if json.Unmarshal([]byte(value), &text) == nil {
		return text
	}
	return value
}

type settingSet struct {
	Key     string `arg:"" help:"The setting's key, as pin.min-length."`
	Value   string `arg:"" optional:"" help:"The value: JSON, or a text without quotes. Leave it out with --default."`
	Default bool   `help:"Return the setting to its default."`
	// The one negative value there is would otherwise be taken for a flag.
	Unlimited bool `short:"1" help:"The value -1, which for many settings means without limit."`
}

// Run changes one setting.
func (c settingSet) Run(ctx context.Context, g *Global, t terminal) error {
	if c.Unlimited && c.Value == "" {
		c.Value = "-1"
	}
	if c.Default == (c.Value != "") {
		return cardinal.Errorf(cardinal.CodeInvalid, "Give either a value or --default.")
	}
	return g.with(ctx, func(a *app.App, caller cardinal.Caller) error {
		value, err := c.json()
		if err != nil {
			return err
		}
		change := account.SettingChange{Values: map[string]*string{c.Key: value}}
		if err := a.Accounts.ChangeSettings(ctx, caller, change); err != nil {
			return err
		}
		view, err := a.Accounts.Setting(ctx, caller, c.Key)
		if err != nil {
			return err
		}
		if g.JSON {
			return printJSON(t, asJSON(view))
		}
		return printLine(t, "%s = %s", c.Key, plain(view.Value))
	})
}

// json returns the value as JSON, nil for the default. Texts and choices may be
// written without quotes.
func (c settingSet) json() (*string, error) {
	d, err := setting.Find(c.Key)
	if err != nil || c.Default {
		return nil, err
	}
	value := c.Value
	if (d.Type == setting.Text || d.Type == setting.Choice) && !strings.HasPrefix(value, `"`) {
		quoted, err := json.Marshal(value)
		if err != nil {
			return nil, fmt.Errorf("quote the value: %w", err)
		}
		value = string(quoted)
	}
	return &value, nil
}

type settingList struct {
	Search string `arg:"" optional:"" help:"Only settings whose key, label or meaning contains this."`
}

// Run prints a line for each setting; a star marks those that were changed.
func (c settingList) Run(ctx context.Context, g *Global, t terminal) error {
	return g.with(ctx, func(a *app.App, caller cardinal.Caller) error {
		views, err := a.Accounts.Settings(ctx, caller, c.Search)
		if err != nil {
			return err
		}
		if g.JSON {
			list := make([]settingJSON, len(views))
			for i, v := range views {
				list[i] = asJSON(v)
			}
			return printJSON(t, map[string]any{"items": list})
		}
		table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
		for _, v := range views {
			star := ""
			if v.Modified {
				star = "*"
			}
			_, _ = fmt.Fprintf(table, "%s%s\t%s\t%s\n", v.Key, star, plain(v.Value), v.Label)
		}
		if err := table.Flush(); err != nil {
			return fmt.Errorf("print: %w", err)
		}
		return nil
	})
}
