package api

import (
	"context"
	"net/http"
	"time"

	"cardinal"
)

func (s *server) deviceRoutes() []route {
	const tag = "Devices"
	return []route{
		call(route{
			method: http.MethodGet, path: "/devices", permission: cardinal.PermReadOptions, status: http.StatusOK,
			id: "listDevices", tag: tag, summary: "List devices, oldest first",
		}, s.listDevices),
		call(route{
			method: http.MethodPost, path: "/devices", permission: cardinal.PermWriteOptions, status: http.StatusCreated,
			id: "createDevice", tag: tag, summary: "Add a device", once: true, secret: true,
			notes: "The answer is the one time the device's token is shown.",
		}, s.createDevice),
		call(route{
			method: http.MethodGet, path: "/devices/{id}", permission: cardinal.PermReadOptions, status: http.StatusOK,
			id: "getDevice", tag: tag, summary: "Read a device",
		}, s.getDevice),
		call(route{
			method: http.MethodPatch, path: "/devices/{id}", permission: cardinal.PermWriteOptions, status: http.StatusOK,
			id: "changeDevice", tag: tag, summary: "Change fields of a device",
			notes: "What is left out stays as it is.",
		}, s.changeDevice),
		call(route{
			method: http.MethodDelete, path: "/devices/{id}", permission: cardinal.PermWriteOptions, status: http.StatusNoContent,
			id: "deleteDevice", tag: tag, summary: "Delete a device; its token stops working at once",
		}, s.deleteDevice),
		call(route{
			method: http.MethodPost, path: "/devices/{id}/token", permission: cardinal.PermWriteOptions, status: http.StatusCreated,
			id: "renewDeviceToken", tag: tag, summary: "Give a device another token; the one before stops working at once", once: true, secret: true,
			notes: "The answer is the one time the token is shown.",
		}, s.renewDeviceToken),
	}
}

type device struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Methods    []string   `json:"methods" nullable:"true" doc:"what users may present here; null: what the setting signin.methods says"`
	Conversion string     `json:"conversion" doc:"how the numbers it reads are converted; empty: only as the setting card-number.conversion says"`
	Disabled   bool       `json:"disabled"`
	CreatedAt  time.Time  `json:"createdAt"`
	LastSeenAt *time.Time `json:"lastSeenAt" doc:"null: never"`
}

func deviceOf(d cardinal.Device) device {
	shown := device{
		ID: string(d.ID), Name: d.Name, Conversion: d.Conversion, Disabled: d.Disabled,
		CreatedAt: d.CreatedAt.UTC(), LastSeenAt: moment(d.LastSeenAt),
	}
	for _, m := range d.Methods {
		shown.Methods = append(shown.Methods, string(m))
	}
	return shown
}

func (s *server) listDevices(ctx context.Context, caller cardinal.Caller, in page) (answer[list[device]], error) {
	found, err := s.Accounts.Devices(ctx, caller, cardinal.DeviceID(in.Cursor), in.Limit+1)
	return paged(found, in.Limit, deviceOf, func(d cardinal.Device) string { return string(d.ID) }), err
}

type deviceIn struct {
	ID pathID `path:"id"`
}

func (s *server) getDevice(ctx context.Context, caller cardinal.Caller, in deviceIn) (tagged[device], error) {
	found, err := s.Accounts.Device(ctx, caller, cardinal.DeviceID(in.ID))
	return tagged[device]{ETag: etag(found.Revision), Body: deviceOf(found)}, err
}

// deviceFields are the fields of a device that can be written but its name.
type deviceFields struct {
	Methods    field[[]string] `json:"methods,omitzero" nullable:"true" doc:"of card, card-pin, username-pin, pin; null: what the setting signin.methods says"`
	Conversion field[string]   `json:"conversion,omitzero" nullable:"true" maxLength:"255"`
	Disabled   field[bool]     `json:"disabled,omitzero"`
}

type newDevice struct {
	Name string `json:"name" minLength:"1" maxLength:"100"`
	deviceFields
}

type deviceChange struct {
	Name field[string] `json:"name,omitzero" minLength:"1" maxLength:"100"`
	deviceFields
}

// apply writes what was given into a device.
func (f deviceFields) apply(d *cardinal.Device) error {
	if f.Disabled.null {
		return cardinal.Invalid("disabled", notNull)
	}
	if f.Methods.given {
		d.Methods = nil
	}
	if f.Methods.is() {
		d.Methods = []cardinal.Method{}
		for _, m := range f.Methods.value {
			d.Methods = append(d.Methods, cardinal.Method(m))
		}
	}
	if f.Conversion.given {
		d.Conversion = f.Conversion.value
	}
	if f.Disabled.is() {
		d.Disabled = f.Disabled.value
	}
	return nil
}

// madeDevice is the one answer that holds a device's first token.
type madeDevice struct {
	device
	Token string `json:"token" doc:"shown this one time"`
}

func (s *server) createDevice(ctx context.Context, caller cardinal.Caller, in struct{ Body newDevice }) (tagged[madeDevice], error) {
	wanted := cardinal.Device{Name: in.Body.Name}
	if err := in.Body.apply(&wanted); err != nil {
		return tagged[madeDevice]{}, err
	}
	made, token, err := s.Accounts.CreateDevice(ctx, caller, wanted)
	if err != nil {
		return tagged[madeDevice]{}, err
	}
	return tagged[madeDevice]{etag(made.Revision), prefix + "/devices/" + string(made.ID), madeDevice{deviceOf(made), token.Reveal()}}, nil
}

type changeDeviceIn struct {
	deviceIn
	IfMatch match `header:"If-Match" doc:"the ETag that was read; if somebody else has saved in between, nothing is changed and the answer is 412"`
	Body    deviceChange
}

// changeDevice reads the device and writes it back changed. Where somebody else
// saves in between and the caller did not ask to be told, it does so again.
func (s *server) changeDevice(ctx context.Context, caller cardinal.Caller, in changeDeviceIn) (tagged[device], error) {
	const tries = 5
	var err error
	for range tries {
		var changed cardinal.Device
		changed, err = s.changeDeviceOnce(ctx, caller, in)
		if err == nil {
			return tagged[device]{ETag: etag(changed.Revision), Body: deviceOf(changed)}, nil
		}
		if cardinal.CodeOf(err) != cardinal.CodeStale || in.IfMatch != "" {
			return tagged[device]{}, err
		}
	}
	return tagged[device]{}, err
}

func (s *server) changeDeviceOnce(ctx context.Context, caller cardinal.Caller, in changeDeviceIn) (cardinal.Device, error) {
	wanted, err := s.Accounts.Device(ctx, caller, cardinal.DeviceID(in.ID))
	if err != nil {
		return wanted, err
	}
	if in.Body.Name.null {
		return wanted, cardinal.Invalid("name", notNull)
	}
	if in.Body.Name.is() {
		wanted.Name = in.Body.Name.value
	}
	if err := in.Body.apply(&wanted); err != nil {
		return wanted, err
	}
	if seen := in.IfMatch.revision(); seen != 0 {
		wanted.Revision = seen
	}
	return s.Accounts.UpdateDevice(ctx, caller, wanted)
}

type deleteDeviceIn struct {
	deviceIn
	IfMatch match `header:"If-Match" doc:"the ETag that was read"`
}

func (s *server) deleteDevice(ctx context.Context, caller cardinal.Caller, in deleteDeviceIn) (nothing, error) {
	return nothing{}, s.Accounts.DeleteDevice(ctx, caller, cardinal.DeviceID(in.ID), in.IfMatch.revision())
}

type shownToken struct {
	Token string `json:"token" doc:"shown this one time"`
}

func (s *server) renewDeviceToken(ctx context.Context, caller cardinal.Caller, in deviceIn) (answer[shownToken], error) {
	token, err := s.Accounts.RenewDeviceToken(ctx, caller, cardinal.DeviceID(in.ID))
	if err != nil {
		return answer[shownToken]{}, err
	}
	return answer[shownToken]{shownToken{token.Reveal()}}, nil
}
