package api

import (
	"context"
	"encoding/json"
	"net/http"

	"cardinal"
	"cardinal/internal/account"
)

func (s *server) settingRoutes() []route {
	const tag = "Settings"
	return []route{
		call(route{
			method: http.MethodGet, path: "/settings", permission: cardinal.PermReadOptions, status: http.StatusOK,
			id: "listSettings", tag: tag, summary: "List settings",
		}, s.listSettings),
		call(route{
			method: http.MethodGet, path: "/settings/{key}", permission: cardinal.PermReadOptions, status: http.StatusOK,
			id: "getSetting", tag: tag, summary: "Read a setting",
		}, s.getSetting),
		call(route{
			method: http.MethodPut, path: "/settings/{key}", permission: cardinal.PermWriteOptions, status: http.StatusOK,
			id: "setSetting", tag: tag, summary: "Set a setting",
		}, s.putSetting),
		call(route{
			method: http.MethodDelete, path: "/settings/{key}", permission: cardinal.PermWriteOptions, status: http.StatusOK,
			id: "resetSetting", tag: tag, summary: "Return a setting to its default",
		}, s.deleteSetting),
	}
}

// settingValue is a setting with its value, which has its own JSON type.
type settingValue struct {
	Key         string          `json:"key"`
	Value       json.RawMessage `json:"value"`
	Default     json.RawMessage `json:"default"`
	Type        string          `json:"type" enum:"integer,boolean,text,choice,choices,limits"`
	Description string          `json:"description"`
	Modified    bool            `json:"modified" doc:"whether it was set"`
}

func settingOf(v account.SettingView) settingValue {
	return settingValue{
		Key: v.Key, Value: json.RawMessage(v.Value), Default: json.RawMessage(v.Default), Type: string(v.Type),
		Description: v.Meaning, Modified: v.Modified,
	}
}

type listSettingsIn struct {
	Search string `query:"search" doc:"part of the key, the label or the description"`
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"500" doc:"the most items of a page"`
	Cursor cursor `query:"cursor" doc:"nextCursor of the page before"`
}

func (s *server) listSettings(ctx context.Context, caller cardinal.Caller, in listSettingsIn) (answer[list[settingValue]], error) {
	found, err := s.Accounts.Settings(ctx, caller, in.Search)
	for i, v := range found {
		if v.Key == string(in.Cursor) {
			found = found[i+1:]
			break
		}
	}
	return paged(found, in.Limit, settingOf, func(v account.SettingView) string { return v.Key }), err
}

type settingIn struct {
	Key pathID `path:"key"`
}

func (s *server) getSetting(ctx context.Context, caller cardinal.Caller, in settingIn) (tagged[settingValue], error) {
	found, err := s.Accounts.Setting(ctx, caller, string(in.Key))
	return tagged[settingValue]{ETag: etag(found.Stamp), Body: settingOf(found)}, err
}

type putSettingIn struct {
	settingIn
	IfMatch match `header:"If-Match" doc:"the ETag that was read; if somebody else has saved in between, nothing is changed and the answer is 412"`
	Body    struct {
		Value json.RawMessage `json:"value" doc:"of the setting's JSON type"`
	}
}

func (s *server) putSetting(ctx context.Context, caller cardinal.Caller, in putSettingIn) (tagged[settingValue], error) {
	value := string(in.Body.Value)
	return s.changeSetting(ctx, caller, in.settingIn, in.IfMatch, &value)
}

type deleteSettingIn struct {
	settingIn
	IfMatch match `header:"If-Match" doc:"the ETag that was read"`
}

func (s *server) deleteSetting(ctx context.Context, caller cardinal.Caller, in deleteSettingIn) (tagged[settingValue], error) {
	return s.changeSetting(ctx, caller, in.settingIn, in.IfMatch, nil)
}

func (s *server) changeSetting(ctx context.Context, caller cardinal.Caller, in settingIn, seen match, value *string) (tagged[settingValue], error) {
	key := string(in.Key)
	change := account.SettingChange{Values: map[string]*string{key: value}}
	if seen != "" {
		// An unknown key is told before its version, which it cannot have.
		if _, err := s.Accounts.Setting(ctx, caller, key); err != nil {
			return tagged[settingValue]{}, err
		}
		change.Seen = map[string]string{key: string(seen)}
	}
	if err := s.Accounts.ChangeSettings(ctx, caller, change); err != nil {
		return tagged[settingValue]{}, err
	}
	return s.getSetting(ctx, caller, in)
}
