package main

import (
	"context"
	"maps"
	"slices"

	"cardinal/internal/rotation"
)

type keyGroup struct {
	Rotate keyRotate `cmd:"" help:"Add a key to the key ring, for everything that is written from now on."`
	Status keyStatus `cmd:"" help:"Show how much is still under older keys."`
}

type keyRotate struct{}

// Run adds a key and says what is to be done next.
func (keyRotate) Run(ctx context.Context, g *Global, t terminal) error {
	a, err := g.open(ctx, false)
	if err != nil {
		return err
	}
	defer func() { _ = a.Close(context.WithoutCancel(ctx)) }() // what was written is durable
	version, err := a.RotateKey(ctx)
	if err != nil {
		return err
	}
	if g.JSON {
		return printJSON(t, map[string]int{"version": version})
	}
	return printLine(t, "The key ring has version %d now. Keep a copy of %s/cardinal.key in a safe place, put it on every node and start them all anew: "+
		"they move what is sealed by themselves. PINs move at the next sign-in. How far it is, shows: cardinal key status", version, g.Data)
}

type keyStatus struct{}

// keyJSON is how many values are under a version of the key.
type keyJSON struct {
	Version int  `json:"version"`
	Current bool `json:"current"`
	Sealed  int  `json:"sealed"`
	PINs    int  `json:"pins"`
}

// Run prints a line for each version.
func (keyStatus) Run(ctx context.Context, g *Global, t terminal) error {
	a, err := g.open(ctx, false)
	if err != nil {
		return err
	}
	defer func() { _ = a.Close(context.WithoutCancel(ctx)) }() // it was only read
	standing, err := a.Rotation.Standing(ctx)
	if err != nil {
		return err
	}
	versions := versionsOf(standing)
	if g.JSON {
		return printJSON(t, versions)
	}
	for _, v := range versions {
		current := ""
		if v.Current {
			current = " (the newest)"
		}
		if err := printLine(t, "version %d%s: %d sealed values, %d PINs", v.Version, current, v.Sealed, v.PINs); err != nil {
			return err
		}
	}
	return nil
}

// versionsOf lists the newest version and those that are still in use, newest first.
func versionsOf(s rotation.Standing) []keyJSON {
	seen := map[int]bool{s.Current: true}
	for _, counts := range []map[int]int{s.Sealed, s.PINs} {
		for version := range counts {
			seen[version] = true
		}
	}
	var versions []keyJSON
	for _, version := range slices.Backward(slices.Sorted(maps.Keys(seen))) {
		versions = append(versions, keyJSON{version, version == s.Current, s.Sealed[version], s.PINs[version]})
	}
	return versions
}
