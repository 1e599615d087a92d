package auth

// Hold takes all slots, so that whoever hashes waits until release is called:
// for what happens between the look-up of a hash and its comparison.
func (p *Passwords) Hold() (release func()) {
	for range cap(p.slots) {
		p.slots <- struct{}{}
	}
	return func() {
		for range cap(p.slots) {
			<-p.slots
		}
	}
}
