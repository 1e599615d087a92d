package signin

// LineMost is how many tries wait at most.
const LineMost = lineMost

// Waiting is how many tries wait.
func (s *Service) Waiting() int {
	s.line.mu.Lock()
	defer s.line.mu.Unlock()
	return len(s.line.waiting)
}
