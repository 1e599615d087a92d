package options

import (
	"net/http"

	"cardinal/internal/account"
	"cardinal/internal/letter"
	"cardinal/internal/setting"
	"cardinal/internal/web"
)

// settingView is a setting with what can be chosen for it, where its value is the
// identifier of something that has a name.
type settingView struct {
	account.SettingView
	Named []web.Option
}

// named adds to the settings what can be chosen for them.
func (p *pages) named(r *http.Request, views ...account.SettingView) ([]settingView, error) {
	named := make([]settingView, len(views))
	for i, view := range views {
		named[i].SettingView = view
		var err error
		switch view.Key {
		case setting.PINNoticeConfiguration.Key:
			named[i].Named, err = p.configurationOptions(r)
		case setting.PINNoticeTemplate.Key:
			named[i].Named, err = p.templateOptions(r, letter.PINExpiration)
		}
		if err != nil {
			return nil, err
		}
	}
	return named, nil
}

func (p *pages) configurationOptions(r *http.Request) ([]web.Option, error) {
	found, err := p.Notify.Configurations(r.Context(), web.CallerOf(r))
	options := []web.Option{{Label: web.WordsOf(r).T("messaging.no-choice")}}
	for _, view := range found {
		options = append(options, web.Option{Value: string(view.ID), Label: view.Name})
	}
	return options, err
}

// templateOptions are the templates of a kind, the predefined ones first.
func (p *pages) templateOptions(r *http.Request, kind letter.Kind) ([]web.Option, error) {
	found, err := p.Notify.Templates(r.Context(), web.CallerOf(r))
	var options []web.Option
	for _, view := range found {
		if view.Kind == kind {
			options = append(options, web.Option{Value: view.ID, Label: templateName(web.WordsOf(r), view)})
		}
	}
	return options, err
}
