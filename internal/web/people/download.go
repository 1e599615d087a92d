package people

import (
	_ "embed"
	"fmt"
	"net/http"
	"strconv"
)

//go:embed sample.csv
var sampleFile string

// download writes a file that is made while it is sent. Its header goes out with
// the first byte, so that what fails before is still answered by a page.
type download struct {
	http.ResponseWriter
	name    string
	started bool
}

// Write sends bytes of the file.
func (d *download) Write(p []byte) (int, error) {
	if !d.started {
		d.started = true
		d.Header().Set("Content-Type", "text/csv; charset=utf-8")
		d.Header().Set("Content-Disposition", "attachment; filename="+strconv.Quote(d.name))
	}
	n, err := d.ResponseWriter.Write(p)
	if err != nil {
		err = fmt.Errorf("send %s: %w", d.name, err)
	}
	return n, err
}

func (h *importPage) sample(w http.ResponseWriter, _ *http.Request) error {
	file := &download{ResponseWriter: w, name: "people.csv"}
	_, err := file.Write([]byte(sampleFile))
	return err
}
