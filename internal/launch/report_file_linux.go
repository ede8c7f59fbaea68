package launch

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// reportFile is where the report goes. It is opened before any layer, with
// narrow's own rights, so that a report that cannot be written stops the start.
type reportFile struct {
	to   io.Writer
	file *os.File // nil if it goes to Notes
}

func openReport(c *Config) (*reportFile, error) {
	switch c.Report {
	case "":
		return nil, nil
	case "-":
		return &reportFile{to: c.Notes}, nil
	}
	f, err := os.OpenFile(c.Report, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	return &reportFile{to: f, file: f}, nil
}

// write writes the report, in the place of one that was there.
func (f *reportFile) write(r *Report) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if f.file != nil {
		if info, err := f.file.Stat(); err == nil && info.Mode().IsRegular() {
			if err := f.file.Truncate(0); err != nil {
				return err
			}
			if _, err := f.file.Seek(0, io.SeekStart); err != nil {
				return err
			}
		}
	}
	_, err = f.to.Write(append(text, '\n'))
	return err
}
