package wayback

import "time"

// AnswerAfter makes answers take at least so long.
func (s *Service) AnswerAfter(d time.Duration) { s.answerAfter = d }
