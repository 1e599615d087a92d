package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"cardinal"
	"cardinal/internal/notify"
)

func (s *server) messagingRoutes() []route {
	const tag = "Messaging configurations"
	return []route{
		call(route{
			method: http.MethodGet, path: "/messaging-configurations", permission: cardinal.PermReadOptions, status: http.StatusOK,
			id: "listMessagingConfigurations", tag: tag, summary: "List messaging configurations by name",
		}, s.listConfigurations),
		call(route{
			method: http.MethodPost, path: "/messaging-configurations", permission: cardinal.PermWriteOptions, status: http.StatusCreated,
			id: "createMessagingConfiguration", tag: tag, summary: "Add a messaging configuration", once: true,
		}, s.createConfiguration),
		call(route{
			method: http.MethodGet, path: "/messaging-configurations/{id}", permission: cardinal.PermReadOptions, status: http.StatusOK,
			id: "getMessagingConfiguration", tag: tag, summary: "Read a messaging configuration, without its secrets",
		}, s.getConfiguration),
		call(route{
			method: http.MethodPatch, path: "/messaging-configurations/{id}", permission: cardinal.PermWriteOptions, status: http.StatusOK,
			id: "changeMessagingConfiguration", tag: tag, summary: "Change fields of a messaging configuration",
			notes: "What is left out stays as it is; a secret that is null or empty does too.",
		}, s.changeConfiguration),
		call(route{
			method: http.MethodDelete, path: "/messaging-configurations/{id}", permission: cardinal.PermWriteOptions, status: http.StatusNoContent,
			id: "deleteMessagingConfiguration", tag: tag, summary: "Delete a messaging configuration that no setting names",
			notes: "What waits to go through it is cancelled.",
		}, s.deleteConfiguration),
		call(route{
			method: http.MethodPost, path: "/messaging-configurations/{id}/test", permission: cardinal.PermWriteOptions, status: http.StatusOK,
			id: "testMessagingConfiguration", tag: tag, summary: "Send a test e-mail to one address", once: true,
			notes: "The answer is 200 whether or not the e-mail could be sent; it comes when the mail server has answered, which can take minutes.",
		}, s.testConfiguration),
	}
}

// messagingConfiguration is a messaging configuration as it is answered. The field of a
// secret is there because clients rely on the shape; what it holds is never told.
type messagingConfiguration struct {
	ID              string    `json:"id"`
	Name            string    `json:"name"`
	Host            string    `json:"host"`
	Port            int       `json:"port"`
	Security        string    `json:"security" enum:"starttls,tls,none"`
	Authentication  string    `json:"authentication" enum:"none,plain,login,cram-md5,scram,xoauth2"`
	Username        string    `json:"username"`
	Password        *string   `json:"password" doc:"always null: a secret is never shown again"`
	HasPassword     bool      `json:"hasPassword"`
	SenderAddress   string    `json:"senderAddress"`
	SenderName      string    `json:"senderName"`
	ReplyTo         string    `json:"replyTo" doc:"empty: answers go to the sender"`
	RatePerMinute   int       `json:"ratePerMinute" doc:"how many messages a minute; 0: without limit"`
	TokenEndpoint   string    `json:"tokenEndpoint" doc:"for xoauth2"`
	ClientID        string    `json:"clientId" doc:"for xoauth2"`
	ClientSecret    *string   `json:"clientSecret" doc:"always null: a secret is never shown again"`
	HasClientSecret bool      `json:"hasClientSecret"`
	RefreshToken    *string   `json:"refreshToken" doc:"always null: a secret is never shown again"`
	HasRefreshToken bool      `json:"hasRefreshToken"`
	UsedBy          []string  `json:"usedBy" nullable:"false" doc:"the keys of the settings that name it"`
	CreatedAt       time.Time `json:"createdAt"`
	UpdatedAt       time.Time `json:"updatedAt"`
}

func configurationOf(v notify.ConfigurationView) messagingConfiguration {
	return messagingConfiguration{
		ID: string(v.ID), Name: v.Name, Host: v.Host, Port: v.Port, Security: string(v.Security), Authentication: string(v.Authentication),
		Username: v.Username, HasPassword: v.HasPassword, SenderAddress: v.SenderAddress, SenderName: v.SenderName, ReplyTo: v.ReplyTo,
		RatePerMinute: v.RatePerMinute, TokenEndpoint: v.TokenEndpoint, ClientID: v.ClientID,
		HasClientSecret: v.HasClientSecret, HasRefreshToken: v.HasRefreshToken,
		UsedBy: list0(v.UsedBy), CreatedAt: v.CreatedAt.UTC(), UpdatedAt: v.UpdatedAt.UTC(),
	}
}

// list0 is a list that is never null.
func list0(texts []string) []string { return append([]string{}, texts...) }

func (s *server) listConfigurations(ctx context.Context, caller cardinal.Caller, in page) (answer[list[messagingConfiguration]], error) {
	found, err := s.Notify.Configurations(ctx, caller)
	if err != nil {
		return answer[list[messagingConfiguration]]{}, err
	}
	at := func(v notify.ConfigurationView) string { return string(v.ID) }
	rest, err := after(found, in.Cursor, at)
	return paged(rest, in.Limit, configurationOf, at), err
}

// after is the rest of a whole list behind the thing that a cursor points at.
func after[T any](all []T, c cursor, at func(T) string) ([]T, error) {
	if c == "" {
		return all, nil
	}
	i := slices.IndexFunc(all, func(t T) bool { return at(t) == string(c) })
	if i < 0 {
		return nil, cardinal.Invalid("cursor", "What this cursor points at is no more. Leave it out to begin at the first page.")
	}
	return all[i+1:], nil
}

type configurationIn struct {
	ID pathID `path:"id"`
}

func (s *server) getConfiguration(ctx context.Context, caller cardinal.Caller, in configurationIn) (tagged[messagingConfiguration], error) {
	found, err := s.Notify.Configuration(ctx, caller, cardinal.ConfigurationID(in.ID))
	return tagged[messagingConfiguration]{ETag: etag(found.Revision), Body: configurationOf(found)}, err
}

// configurationFields are the fields that may be left out of a new configuration.
type configurationFields struct {
	Security       field[string] `json:"security,omitzero" enum:"starttls,tls,none" doc:"left out of a new one: starttls"`
	Authentication field[string] `json:"authentication,omitzero" enum:"none,plain,login,cram-md5,scram,xoauth2" doc:"left out of a new one: none"`
	Username       field[string] `json:"username,omitzero" nullable:"true"`
	Password       field[hidden] `json:"password,omitzero" nullable:"true" doc:"left out, null or empty: stays as it is"`
	SenderName     field[string] `json:"senderName,omitzero" nullable:"true" maxLength:"100"`
	ReplyTo        field[string] `json:"replyTo,omitzero" nullable:"true"`
	RatePerMinute  field[int]    `json:"ratePerMinute,omitzero" nullable:"true" minimum:"0" maximum:"10000" doc:"0 or null: without limit"`
	TokenEndpoint  field[string] `json:"tokenEndpoint,omitzero" nullable:"true"`
	ClientID       field[string] `json:"clientId,omitzero" nullable:"true"`
	ClientSecret   field[hidden] `json:"clientSecret,omitzero" nullable:"true" doc:"left out, null or empty: stays as it is"`
	RefreshToken   field[hidden] `json:"refreshToken,omitzero" nullable:"true" doc:"left out, null or empty: stays as it is"`
}

type newMessagingConfiguration struct {
	Name          string `json:"name" minLength:"1" maxLength:"100"`
	Host          string `json:"host"`
	Port          int    `json:"port" minimum:"1" maximum:"65535"`
	SenderAddress string `json:"senderAddress"`
	configurationFields
}

type messagingConfigurationChange struct {
	Name          field[string] `json:"name,omitzero" minLength:"1" maxLength:"100"`
	Host          field[string] `json:"host,omitzero"`
	Port          field[int]    `json:"port,omitzero" minimum:"1" maximum:"65535"`
	SenderAddress field[string] `json:"senderAddress,omitzero"`
	configurationFields
}

// put writes a value that was given; null is the zero value.
func put[T any](into *T, f field[T]) {
	if f.given {
		*into = f.value
	}
}

// apply writes what was given into a configuration.
func (f configurationFields) apply(c *cardinal.MessagingConfiguration) error {
	if err := notNulls(nullable{"security", f.Security.null}, nullable{"authentication", f.Authentication.null}); err != nil {
		return err
	}
	if f.Security.given {
		c.Security = cardinal.MailSecurity(f.Security.value)
	}
	if f.Authentication.given {
		c.Authentication = cardinal.MailAuthentication(f.Authentication.value)
	}
	put(&c.Username, f.Username)
	put(&c.SenderName, f.SenderName)
	put(&c.ReplyTo, f.ReplyTo)
	put(&c.RatePerMinute, f.RatePerMinute)
	put(&c.TokenEndpoint, f.TokenEndpoint)
	put(&c.ClientID, f.ClientID)
	return nil
}

// apply writes what was given into a configuration.
func (f messagingConfigurationChange) apply(c *cardinal.MessagingConfiguration) error {
	err := notNulls(nullable{"name", f.Name.null}, nullable{"host", f.Host.null}, nullable{"port", f.Port.null}, nullable{"senderAddress", f.SenderAddress.null})
	if err != nil {
		return err
	}
	put(&c.Name, f.Name)
	put(&c.Host, f.Host)
	put(&c.Port, f.Port)
	put(&c.SenderAddress, f.SenderAddress)
	return f.configurationFields.apply(c)
}

// nullable is a field that may not be null, and whether it is.
type nullable struct {
	name string
	is   bool
}

// notNulls returns an Error with every field that is null.
func notNulls(fields ...nullable) error {
	var violations []cardinal.Violation
	for _, f := range fields {
		if f.is {
			violations = append(violations, cardinal.Violation{Code: cardinal.ViolationInvalid, Field: f.name, Message: notNull})
		}
	}
	return refused(violations)
}

func (f configurationFields) secrets() notify.Secrets {
	return notify.Secrets{
		Password:     cardinal.NewPassword(f.Password.value.Reveal()),
		ClientSecret: cardinal.NewPassword(f.ClientSecret.value.Reveal()),
		RefreshToken: cardinal.NewToken(f.RefreshToken.value.Reveal()),
	}
}

func (s *server) createConfiguration(ctx context.Context, caller cardinal.Caller, in struct{ Body newMessagingConfiguration }) (tagged[messagingConfiguration], error) {
	wanted := cardinal.MessagingConfiguration{
		Name: in.Body.Name, Host: in.Body.Host, Port: in.Body.Port, SenderAddress: in.Body.SenderAddress,
		Security: cardinal.MailStartTLS, Authentication: cardinal.MailAuthNone,
	}
	if err := in.Body.apply(&wanted); err != nil {
		return tagged[messagingConfiguration]{}, err
	}
	made, err := s.Notify.AddConfiguration(ctx, caller, wanted, in.Body.secrets())
	if err != nil {
		return tagged[messagingConfiguration]{}, err
	}
	shown, err := s.getConfiguration(ctx, caller, configurationIn{pathID(made.ID)})
	shown.Location = prefix + "/messaging-configurations/" + string(made.ID)
	return shown, err
}

type changeConfigurationIn struct {
	configurationIn
	IfMatch match `header:"If-Match" doc:"the ETag that was read; if somebody else has saved in between, nothing is changed and the answer is 412"`
	Body    messagingConfigurationChange
}

// changeConfiguration reads the configuration and writes it back changed. Where
// somebody else saves in between and the caller did not ask to be told, it does
// so again.
func (s *server) changeConfiguration(ctx context.Context, caller cardinal.Caller, in changeConfigurationIn) (tagged[messagingConfiguration], error) {
	const tries = 5
	var err error
	for range tries {
		if err = s.changeConfigurationOnce(ctx, caller, in); err == nil {
			return s.getConfiguration(ctx, caller, in.configurationIn)
		}
		if cardinal.CodeOf(err) != cardinal.CodeStale || in.IfMatch != "" {
			return tagged[messagingConfiguration]{}, err
		}
	}
	return tagged[messagingConfiguration]{}, err
}

func (s *server) changeConfigurationOnce(ctx context.Context, caller cardinal.Caller, in changeConfigurationIn) error {
	present, err := s.Notify.Configuration(ctx, caller, cardinal.ConfigurationID(in.ID))
	if err != nil {
		return err
	}
	wanted := present.MessagingConfiguration
	if err := in.Body.apply(&wanted); err != nil {
		return err
	}
	if seen := in.IfMatch.revision(); seen != 0 {
		wanted.Revision = seen
	}
	_, err = s.Notify.ChangeConfiguration(ctx, caller, wanted, in.Body.secrets())
	return err
}

type deleteConfigurationIn struct {
	configurationIn
	IfMatch match `header:"If-Match" doc:"the ETag that was read"`
}

func (s *server) deleteConfiguration(ctx context.Context, caller cardinal.Caller, in deleteConfigurationIn) (nothing, error) {
	return nothing{}, s.Notify.DeleteConfigurationAt(ctx, caller, cardinal.ConfigurationID(in.ID), in.IfMatch.revision())
}

type testConfigurationIn struct {
	configurationIn
	Body struct {
		To string `json:"to" doc:"the one address that it goes to"`
	}
}

// testOutcome is what became of a test e-mail.
type testOutcome struct {
	Sent        bool    `json:"sent"`
	Explanation *string `json:"explanation" doc:"what went wrong and what to do next, in plain words; null: nothing did"`
	Answer      *string `json:"answer" doc:"the mail server's last answer; null: there was none"`
}

func (s *server) testConfiguration(ctx context.Context, caller cardinal.Caller, in testConfigurationIn) (answer[testOutcome], error) {
	tried, err := s.Notify.SendTest(ctx, caller, cardinal.ConfigurationID(in.ID), in.Body.To)
	return answer[testOutcome]{testOutcome{tried.Sent, filled(tried.Explanation.String()), filled(tried.Answer)}}, err
}
