package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/schollz/progressbar/v3"

	"cardinal"
	"cardinal/internal/app"
	"cardinal/internal/directory"
	"cardinal/internal/directory/people"
)

type userImport struct {
	File       string `arg:"" help:"The CSV file; - is standard input."`
	DryRun     bool   `help:"Say line by line what would happen, and change nothing."`
	Conversion string `placeholder:"STEPS" help:"How the card numbers of the file are converted, as hex-to-decimal|reverse-bytes."`
}

// Run imports the file and prints the report. Refused lines end it with exit
// code 1, after all the others are done.
func (c userImport) Run(ctx context.Context, g *Global, t terminal) error {
	file, size, err := c.openFile(t)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // it was only read
	return g.with(ctx, func(a *app.App, caller cardinal.Caller) error {
		report := newReport(t, g.JSON)
		options := directory.Options{DryRun: c.DryRun, Conversion: c.Conversion}
		done, err := a.Directory.Run(ctx, caller, showProgress(t, file, size), options, report.lines)
		if err != nil {
			return err
		}
		if err := report.end(done); err != nil {
			return err
		}
		if done.Totals.Refused > 0 {
			return errRefusedLines
		}
		return nil
	})
}

func (c userImport) openFile(t terminal) (io.ReadCloser, int64, error) {
	if c.File == "-" {
		return io.NopCloser(t.in), -1, nil
	}
	file, err := os.Open(c.File)
	if err != nil {
		return nil, 0, cardinal.Errorf(cardinal.CodeInvalid, "The file cannot be read. Check its name and its rights.").Because(err)
	}
	about, err := file.Stat()
	if err != nil {
		return nil, 0, fmt.Errorf("read the size of the file: %w", err)
	}
	return file, about.Size(), nil
}

// showProgress draws a bar while the file is read, if somebody is looking.
func showProgress(t terminal, file io.Reader, size int64) io.Reader {
	if isTerminal(t.err) == nil {
		return file
	}
	bar := progressbar.NewOptions64(size, progressbar.OptionSetWriter(t.err), progressbar.OptionShowBytes(true),
		progressbar.OptionSetDescription("Importing"), progressbar.OptionClearOnFinish())
	reader := progressbar.NewReader(file, bar)
	return &reader
}

// importReport prints an import as it goes, so that a long one fills no memory.
type importReport struct {
	t     terminal
	json  bool
	wrote bool
}

func newReport(t terminal, json bool) *importReport { return &importReport{t: t, json: json} }

// lines prints the results of a batch: all as JSON, only the refused for people.
func (r *importReport) lines(p directory.Progress) error {
	for _, line := range p.Lines {
		var err error
		switch {
		case r.json:
			err = r.jsonLine(line)
		case line.Result == people.Refused:
			err = r.refused(line)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *importReport) refused(line people.LineResult) error {
	who := line.Username
	if who == "" {
		who = "–"
	}
	for _, reason := range line.Reasons {
		if err := printLine(r.t, "line %d\t%s\trefused: %s", line.Line, who, reason.Message); err != nil {
			return err
		}
	}
	return nil
}

func (r *importReport) jsonLine(line people.LineResult) error {
	// The report's reasons are code and message alone (spec: api).
	reasons := make([]cardinal.Violation, len(line.Reasons))
	for i, reason := range line.Reasons {
		reasons[i] = cardinal.Violation{Code: reason.Code, Message: reason.Message}
	}
	line.Reasons = reasons
	text, err := json.Marshal(line)
	if err != nil {
		return fmt.Errorf("print: %w", err)
	}
	before := ",\n    "
	if !r.wrote {
		before = "{\n  \"lines\": [\n    "
	}
	r.wrote = true
	_, err = fmt.Fprintf(r.t.out, "%s%s", before, text)
	return err
}

// end prints the totals, and in JSON what belongs to the whole.
func (r *importReport) end(done directory.Import) error {
	n := done.Totals
	if !r.json {
		would := ""
		if done.DryRun {
			would = " (dry run: nothing was changed)"
		}
		return printLine(r.t, "%d created, %d updated, %d unchanged, %d refused%s", n.Created, n.Updated, n.Unchanged, n.Refused, would)
	}
	if !r.wrote {
		_, _ = fmt.Fprint(r.t.out, "{\n  \"lines\": [")
	}
	totals, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return printLine(r.t, "\n  ],\n  \"id\": %q,\n  \"state\": %q,\n  \"totals\": %s\n}", done.ID, done.State, totals)
}
