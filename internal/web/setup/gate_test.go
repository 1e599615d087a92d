package setup

import (
	"testing"

	"cardinal"
)

func TestGate(t *testing.T) {
	var g Gate
	if g.Admits(cardinal.Token{}) || g.Admits(cardinal.NewToken("anything")) {
		t.Error("a gate that was never opened admits somebody")
	}
	first := g.Open()
	second := g.Open()
	if g.Admits(first) || !g.Admits(second) || g.Admits(cardinal.NewToken(second.Reveal()+"A")) {
		t.Error("not the last token alone opens")
	}
	if n := len(second.Reveal()); n != 52 {
		t.Errorf("the token has %d characters", n)
	}
	g.Shut()
	if g.Admits(second) || g.Admits(cardinal.Token{}) {
		t.Error("a shut gate admits somebody")
	}
}
