package words

import (
	"fmt"
	"strings"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

// privacy says what an event about private values or the state of the audit means; "" for other events.
func privacy(s events.Subjects, subject string, e events.Event) string {
	auditor, name, _ := s.ParsePrivacy(subject)
	switch e.Type {
	case events.ErasureAskedType:
		return describe(e, func(a *events.ErasureAsked) string {
			return fmt.Sprintf("%s asks to erase private values of %s%s", auditor, a.PrivateScope, Quoted(a.Reason))
		})
	case events.ErasureMadeType:
		return describe(e, func(m *events.ErasureMade) string {
			text := fmt.Sprintf("private values of %d actions of %s are erased for %s%s", len(m.Items), m.PrivateScope, m.Auditor, Quoted(m.Reason))
			if m.Held > 0 {
				text += fmt.Sprintf("; %d actions are under hold: %s", m.Held, strings.Join(m.Holds, ", "))
			}
			return text
		})
	case events.HoldAskedType:
		return describe(e, func(a *events.HoldAsked) string {
			if a.Release {
				return fmt.Sprintf("%s asks to end hold %s%s", auditor, name, Quoted(a.Reason))
			}
			return fmt.Sprintf("%s asks for hold %s on %s%s", auditor, name, a.PrivateScope, Quoted(a.Reason))
		})
	case events.HoldSetType:
		return describe(e, func(h *events.HoldSet) string {
			switch {
			case h.Refused != "":
				return fmt.Sprintf("hold %s stays as it is: %s", h.Hold, h.Refused)
			case h.Released:
				return fmt.Sprintf("hold %s on %s has ended", h.Hold, h.PrivateScope)
			}
			return fmt.Sprintf("hold %s keeps private values of %s", h.Hold, h.PrivateScope)
		})
	case events.AuditBehindType:
		return describe(e, func(b *events.AuditBehind) string {
			return fmt.Sprintf("the audit of %s is late: %d events are not written, the first of them leaves the stream at %s", b.Stream, b.Behind, b.Expires.Local().Format(time.DateTime))
		})
	}
	return ""
}
