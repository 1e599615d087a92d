package wayback_test

import (
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/wayback"
)

// TestInvitations are for who has no password, and work a week.
func TestInvitations(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.user("bert", "")
		o.user("carl", "")
		o.update("carl", func(u *cardinal.User) { u.Role = cardinal.RoleAdministrator })
		helpdesk := o.admin
		helpdesk.Role = cardinal.RoleHelpdesk
		o.code(cardinal.CodeForbidden, o.service.Invite(t.Context(), helpdesk, "carl"))
		o.code(cardinal.CodeForbidden, o.service.Invite(t.Context(), o.self("bert"), "bert"))
		o.code(cardinal.CodeNotFound, o.service.Invite(t.Context(), o.admin, "nobody"))
		o.code(cardinal.CodeConflict, o.service.Invite(t.Context(), o.admin, "anna"))
		if got := len(o.mails()); got != 0 {
			t.Errorf("%d e-mails were sent", got)
		}
		o.must(o.service.Invite(t.Context(), helpdesk, "bert"))
		path, token := o.link()
		o.Clock.Add(wayback.InvitationLife - time.Millisecond)
		if link, err := o.service.Look(t.Context(), path, token); err != nil || link.Kind != wayback.Invitation || path != wayback.PasswordPath {
			t.Fatalf("%+v at %s, %v", link, path, err)
		}
		o.must(o.setPassword(token, fresh))
		_, err := o.signIn("bert", fresh)
		o.must(err)

		o.must(o.service.Invite(t.Context(), o.admin, "carl"))
		_, token = o.link()
		o.Clock.Add(wayback.InvitationLife)
		o.code(cardinal.CodeNotFound, o.setPassword(token, fresh))
	})
}
