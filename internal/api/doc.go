// Package api is the REST interface (spec: api): one table of routes under
// /api/v1, the OpenAPI document drawn from the same table, and a reference page
// drawn from that document. It owns how requests are read and answers written:
// strict JSON, problems (RFC 9457), entity tags, request limits, repeats.
//
// It decides nothing about users, PINs or numbers: each handler calls one use
// case. Nor does it own sessions of people or TLS.
package api

//go:generate go test . -run TestDocument -update
