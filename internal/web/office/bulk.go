package office

// BulkPath lists what was done to many users at once. It takes the post of a
// selection: "action", and either "username" again and again, or "all" with
// "filter", "source", "role" and "q".
const BulkPath = "/bulk-actions"

// BulkURL asks whether to do an action to all users of a filter; a filter of ""
// means everybody.
func BulkURL(action, filter string) string {
	return BulkPath + "/new" + Query("action", action, "filter", filter)
}
