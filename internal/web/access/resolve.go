package access

import (
	"context"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/auth"
	"cardinal/internal/setting"
	"cardinal/internal/web"
)

// Sessions returns what resolves a session's token for the page kit. Whoever
// has a one-time password is held at the page where they choose their own, and
// whoever must have a second factor where they set one up.
func Sessions(authenticator *auth.Service, accounts *account.Service) func(context.Context, cardinal.Token) (web.Session, error) {
	return func(ctx context.Context, token cardinal.Token) (web.Session, error) {
		person, err := authenticator.Session(ctx, token, auth.Origin{})
		if err != nil {
			return web.Session{}, err
		}
		values, err := accounts.Values(ctx, person.Caller)
		if err != nil {
			return web.Session{}, err
		}
		session := web.Session{
			Caller: person.Caller, Organisation: setting.CustomerName.In(values),
			Person: person.FullName, Zone: setting.Location(values), ConfirmedAt: person.ConfirmedAt, SetupOpen: person.SetupOpen,
			Language: person.Language, OrganisationLanguage: string(setting.CustomerLanguage.In(values)),
		}
		if session.Person == "" {
			session.Person = person.Caller.Name
		}
		switch {
		case person.PasswordMustChange:
			session.Held = PasswordPath
		case person.SecondFactorDue:
			session.Held = FactorPath
		}
		return session, nil
	}
}
