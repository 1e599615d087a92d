package app

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"gopkg.in/natefinch/lumberjack.v2"
)

// The log file is rotated at this size, and so many old ones are kept (spec: api).
const (
	logMegabytes = 20
	logKept      = 10
)

// openLog returns a logger that writes JSON lines to DIR/log/cardinal.log and to
// copy.
func openLog(dir string, also io.Writer) (*slog.Logger, func() error, error) {
	folder := logFolder(dir)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, nil, unwritable(dir, err)
	}
	file := &lumberjack.Logger{Filename: filepath.Join(folder, "cardinal.log"), MaxSize: logMegabytes, MaxBackups: logKept}
	// The rotating writer opens its file at the first line; a file that cannot be written must end the start.
	if _, err := file.Write(nil); err != nil {
		return nil, nil, unwritable(dir, err)
	}
	handler := slog.NewJSONHandler(io.MultiWriter(file, also), &slog.HandlerOptions{Level: slog.LevelInfo})
	return slog.New(handler), file.Close, nil
}
