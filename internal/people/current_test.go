package people

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"
)

const withHolidays = `version: 1
people: {alice: {}}
calendars: {office: {hours: ["00:00-24:00"], days: [mon, tue, wed, thu, fri, sat, sun], holidays: h.ics}}
groups: {ops: {members: [alice], calendar: office}}
`

func holidayOn(day string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:x\r\nDTSTART;VALUE=DATE:" + day + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
}

// A changed file of holidays is taken over like the file that names it; what cannot be used changes nothing.
func TestAChangedFileIsTakenOver(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("approvers.yaml", withHolidays)
	write("h.ics", holidayOn("20260504"))
	c, err := Open(filepath.Join(dir, "approvers.yaml"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	monday, tuesday := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC), time.Date(2026, 5, 5, 12, 0, 0, 0, time.UTC)
	works := func(at time.Time) bool { return c.Get().Calendar("ops").Working(at) }
	if works(monday) || !works(tuesday) {
		t.Fatal("the holiday is not that of the file")
	}
	write("h.ics", "nonsense")
	c.look()
	c.look()
	if works(monday) || !works(tuesday) {
		t.Error("a file that cannot be used was taken over")
	}
	write("h.ics", holidayOn("20260505"))
	c.look()
	if works(monday) {
		t.Error("a file was taken over at the first look")
	}
	c.look()
	if !works(monday) || works(tuesday) {
		t.Error("the changed file was not taken over")
	}
	if err := os.Remove(filepath.Join(dir, "approvers.yaml")); err != nil {
		t.Fatal(err)
	}
	c.look()
	c.look()
	if !works(monday) {
		t.Error("a file that is gone was taken over")
	}
	if _, err := Open(filepath.Join(dir, "approvers.yaml"), slog.New(slog.DiscardHandler)); err == nil {
		t.Error("a file that is not there was opened")
	}
}
