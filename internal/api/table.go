package api

import "slices"

// routes is the one table of calls.
func (s *server) routes() []route {
	return slices.Concat(
		s.userRoutes(),
		s.pinRoutes(),
		s.numberRoutes(),
		s.settingRoutes(),
		s.signInRoutes(),
		s.deviceRoutes(),
		s.tokenRoutes(),
		s.customerRoutes(),
		s.importRoutes(),
		s.bulkRoutes(),
		s.auditRoutes(),
		s.messagingRoutes(),
		s.templateRoutes(),
		s.notificationRoutes(),
	)
}
