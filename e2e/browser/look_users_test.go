package browser

// usersLooks are the states of the list of users.
func usersLooks() []look {
	return []look{
		{"users-filtered", adminName, "/users?filter=no-pin&order=-created", nil},
		{"users-none-such", adminName, "/users?filter=new-pin-required", nil},
		{"users-ticked", adminName, "/users", func(s *stage) { s.tick("input[value=bruno]", true) }},
	}
}
