package app

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"cardinal"
)

// ParseProxies takes networks such as 10.0.0.0/8 and single addresses: those of
// the reverse proxies whose word on where a request comes from is believed.
func ParseProxies(texts []string) ([]netip.Prefix, error) {
	var networks []netip.Prefix
	for _, text := range texts {
		text = strings.TrimSpace(text)
		if text == "" {
			continue
		}
		network, err := netip.ParsePrefix(text)
		if err != nil {
			var address netip.Addr
			if address, err = netip.ParseAddr(text); err == nil {
				network, err = address.Unmap().Prefix(address.Unmap().BitLen())
			}
		}
		if err != nil {
			return nil, cardinal.Errorf(cardinal.CodeInvalid,
				"The flag --trusted-proxies takes addresses and networks separated by commas, as in 10.0.0.5,192.168.1.0/24.")
		}
		networks = append(networks, network.Masked())
	}
	return networks, nil
}

// proxies are the networks of trusted reverse proxies. Only what comes straight
// from one of them is asked for the forwarded headers, which anybody can write.
type proxies []netip.Prefix

func (p proxies) trusts(address string) bool {
	parsed, err := netip.ParseAddr(address)
	if err != nil {
		return false
	}
	parsed = parsed.Unmap().WithZone("")
	for _, network := range p {
		if network.Contains(parsed) {
			return true
		}
	}
	return false
}

// https reports whether the browser speaks TLS to Cardinal or to a trusted proxy.
func (p proxies) https(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	return p.trusts(remote(r)) && strings.EqualFold(last(r.Header.Values("X-Forwarded-Proto")), "https")
}

// address is the client's: the last one in X-Forwarded-For that is not a trusted
// proxy's own. What stands before it may be invented by the client.
func (p proxies) address(r *http.Request) string {
	address := remote(r)
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && p.trusts(address); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		address = hop.Unmap().String()
	}
	return address
}

// behind gives next the client's address in place of the proxy's.
func (p proxies) behind(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if address := p.address(r); address != remote(r) {
			r = r.WithContext(r.Context())
			r.RemoteAddr = net.JoinHostPort(address, "0")
		}
		next.ServeHTTP(w, r)
	})
}

func remote(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	return host
}

// last is the last of a list in one header or several: what the nearest proxy wrote.
func last(values []string) string {
	list := strings.Split(strings.Join(values, ","), ",")
	return strings.TrimSpace(list[len(list)-1])
}
