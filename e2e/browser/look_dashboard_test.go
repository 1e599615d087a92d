package browser

// dashboardLooks are the start page, with little and with much to tell.
func dashboardLooks() []look {
	return []look{
		{"dashboard", adminName, "/dashboard", nil},
		{"dashboard-days", adminName, "/dashboard?sign-ins=7-days&due=7-days", nil},
		{"dashboard-helpdesk", "helga", "/dashboard", nil},
		{"dashboard-auditor", "aurel", "/dashboard?due=7-days", nil},
	}
}
