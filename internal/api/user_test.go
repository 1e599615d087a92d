package api_test

import (
	"testing"

	"cardinal"
)

func TestUsers(t *testing.T) {
	c := install(t).as(cardinal.RoleProvisioner)
	t.Run("create", func(t *testing.T) {
		made := c.do("POST", "/api/v1/users", `{"username":"anna","fullName":"Anna Nová","email":"anna@example.org",
			"department":"Accounts","notes":"line 1\nline 2","primaryCardNumber":"0004711A","pin":"739204"}`).want(201)
		made.same(`{"username":"anna","fullName":"Anna Nová","email":"anna@example.org","department":"Accounts","notes":"line 1\nline 2",
			"role":"user","disabled":false,"source":"api","primaryCardNumber":"0004711A","secondaryCardNumber":null,
			"hasPin":true,"pinCreatedAt":"` + noon + `","pinExpiresAt":null,"lockedUntil":null,"createdAt":"` + noon + `","updatedAt":"` + noon + `"}`)
		if made.header.Get("ETag") == "" || made.header.Get("Location") != "/api/v1/users/anna" || made.header.Get("Cache-Control") != "no-store" {
			t.Errorf("headers: %v", made.header)
		}
		c.do("GET", made.header.Get("Location"), nil).want(200).same(made.text)
	})
}
