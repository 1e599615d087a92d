// Package metric counts and measures what the server does, for Prometheus to
// fetch (spec: operations). It owns the names of the metrics, which dashboards and
// alert rules outside rely on, their labels and their units.
//
// It does not own what is measured: use cases say what has happened to a Set. No
// label is ever about one user, number or device: there would be a series for each.
package metric

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"cardinal"
)

// Set is the metrics of one server. Safe for concurrent use. A nil Set takes
// everything and keeps nothing, for programs that serve nobody.
type Set struct {
	registry *prometheus.Registry
	tries    *prometheus.CounterVec
	took     *prometheus.HistogramVec
	refused  *prometheus.CounterVec
	batch    prometheus.Histogram
	waiting  prometheus.Gauge
	locks    *prometheus.CounterVec
	faults   *prometheus.CounterVec
	work     *prometheus.GaugeVec
	late     *prometheus.GaugeVec
}

// New makes the metrics of a server of that version.
func New(version string) *Set {
	s := &Set{
		registry: prometheus.NewRegistry(),
		tries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cardinal_sign_in_tries_total", Help: "Tries to sign in at devices that are on record, by method and outcome.",
		}, []string{"method", "outcome"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "cardinal_sign_in_seconds", Help: "Time from a device's question to its answer, by method.",
			Buckets: []float64{.0005, .001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2},
		}, []string{"method"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cardinal_sign_in_unrecorded_total", Help: "Tries that were refused without a record: queue full, cancelled by the device, or database unavailable.",
		}, []string{"reason"}),
		batch: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "cardinal_sign_in_batch_size", Help: "Tries that went together into one commit.",
			Buckets: []float64{1, 2, 4, 8, 16, 32, 64, 128, 256},
		}),
		waiting: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "cardinal_sign_in_queue", Help: "Tries that wait for the next commit.",
		}),
		locks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cardinal_locks_total", Help: "Locks that began after wrong tries, by what was locked.",
		}, []string{"of"}),
		faults: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cardinal_database_errors_total", Help: "Transactions that the database could not do, by what was wrong; also those that were then done at another try.",
		}, []string{"code"}),
		work: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "cardinal_waiting", Help: "Work that waits, by kind.",
		}, []string{"kind"}),
		late: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "cardinal_lag_seconds", Help: "How long the oldest work that is due has waited, by kind.",
		}, []string{"kind"}),
	}
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "cardinal_build_info", Help: "Always 1; the version is its label."}, []string{"version"})
	build.WithLabelValues(version).Set(1)
	s.registry.MustRegister(s.tries, s.took, s.refused, s.batch, s.waiting, s.locks, s.faults, s.work, s.late, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return s
}

// Handler answers Prometheus.
func (s *Set) Handler() http.Handler {
	return promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second})
}

// Tried counts a try that is on record, and how long its device waited. The method
// of a try that presented nothing of use is "none".
func (s *Set) Tried(method cardinal.Method, outcome cardinal.Outcome, took time.Duration) {
	if s == nil {
		return
	}
	if method == "" {
		method = "none"
	}
	s.tries.WithLabelValues(string(method), string(outcome)).Inc()
	s.took.WithLabelValues(string(method)).Observe(took.Seconds())
}

// Unrecorded is why a try left no record.
type Unrecorded string

// The reasons.
const (
	QueueFull   Unrecorded = "queue-full"
	Cancelled   Unrecorded = "cancelled"
	Unavailable Unrecorded = "unavailable"
)

// Refused counts a try that left no record.
func (s *Set) Refused(why Unrecorded) {
	if s != nil {
		s.refused.WithLabelValues(string(why)).Inc()
	}
}

// Committed counts a commit of so many tries.
func (s *Set) Committed(tries int) {
	if s != nil {
		s.batch.Observe(float64(tries))
	}
}

// Waiting says how many tries wait for the next commit.
func (s *Set) Waiting(tries int) {
	if s != nil {
		s.waiting.Set(float64(tries))
	}
}

// Lockable is what wrong tries lock.
type Lockable string

// What is locked.
const (
	User   Lockable = "user"
	Device Lockable = "device"
)

// Locked counts a lock that began.
func (s *Set) Locked(of Lockable) {
	if s != nil {
		s.locks.WithLabelValues(string(of)).Inc()
	}
}

// DatabaseFailed counts a transaction that the database could not do.
func (s *Set) DatabaseFailed(code cardinal.Code) {
	if s != nil {
		s.faults.WithLabelValues(string(code)).Inc()
	}
}

// Work is a kind of work that the server does by itself.
type Work string

// The kinds.
const (
	Expiry  Work = "expiry"  // PINs to be taken away
	Notices Work = "notices" // e-mails to be sent
)

// Due says how much work of a kind is due and how long the oldest has waited.
func (s *Set) Due(kind Work, waiting int, late time.Duration) {
	if s != nil {
		s.work.WithLabelValues(string(kind)).Set(float64(waiting))
		s.late.WithLabelValues(string(kind)).Set(max(0, late).Seconds())
	}
}
