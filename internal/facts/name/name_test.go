package name

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/weighlock/weighlock/internal/facts/verb"
)

func TestActs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		tool    string
		want    verb.Act
		certain bool
	}{
		{"get_weather", verb.Read, true},
		{"listAllAirports", verb.Read, true},
		{"GetHTTPLog", verb.Read, true},
		{"list-payments", verb.Read, true},
		{"get_refund", verb.Read, true},
		{"view_letters_sent", verb.Read, true},
		{"search_cheap_hotel", verb.Read, true},
		{"check_order_status", verb.Read, true},
		{"find_tables", verb.Read, true},
		{"order_list", verb.Read, true},
		{"payment_method_list", verb.Read, true},
		{"mcp__github__get_issue", verb.Read, true},
		{"mcp__github__create_issue", verb.Create, true},
		{"crm/contacts/list", verb.Read, true},
		{"files.read", verb.Read, true},
		{"acme-get-zones", verb.Read, true},
		{"compute_interest_rate", verb.Compute, true},
		{"swap_tokens", verb.Pay, false},
		{"slack.chat.postMessage", verb.Publish, false},
		{"stripe__refund", verb.Pay, false},
		{"review_order", verb.Read, false},
		{"track_shipment", verb.Read, false},
		{"table-schema", verb.Read, false},
		{"db-stats", verb.Read, false},
		{"order_status", verb.Read, false},
		{"payment_history", verb.Read, false},
		{"account_balance", verb.Read, false},
		{"weather", verb.Read, false},
		{"exchange_rate", verb.Read, false},
		{"server-logs", verb.Read, false},
		{"lookup", verb.Read, true},
		{"deletefile", verb.Delete, false},
		{"listfiles", verb.Read, false},
		{"SEARCHDELETE", verb.Delete, false},
		{"logarithm", verb.Compute, false},
		{"standard_deviation", verb.Compute, false},
		{"calculate_tip", verb.Compute, true},
		{"convert_currency", verb.Compute, true},
		{"add", verb.Compute, true},
		{"add_numbers", verb.Compute, true},
		{"add_event", verb.Create, true},
		{"add_member_to_group", verb.Grant, true},
		{"addUserToTeam", verb.Grant, true},
		{"invite_guest", verb.Grant, true},
		{"create_comment", verb.Create, true},
		{"comment", verb.Publish, false},
		{"retweet", verb.Publish, true},
		{"post_photo", verb.Publish, false},
		{"drop-index", verb.Delete, true},
		{"order_cancel", verb.Stop, true},
		{"order_cancellation", verb.Stop, false},
		{"user_update", verb.Change, true},
		{"comment_delete", verb.Delete, true},
		{"portal_login", verb.Login, true},
		{"sign_in", verb.Login, true},
		{"SignOut", verb.Login, true},
		{"turn_off_lights", verb.Change, true},
		{"shut_down_plant", verb.Stop, true},
		{"functionInvocation", verb.Run, false},
		{"articleRetraction", verb.Stop, false},
		{"deleteMessage", verb.Delete, true},
		{"transfer_funds", verb.Pay, false},
		{"transfer", verb.Pay, false},
		{"wire_transfer", verb.Pay, false},
		{"request_refund", verb.Pay, false},
		{"transfer_file", verb.Change, false},
		{"transfer_to_human", verb.Send, false},
		{"transfer_repo_ownership", verb.Grant, false},
		{"set_limit", verb.Change, true},
		{"format_text", verb.Compute, false},
		{"format_disk", verb.Delete, false},
		{"open_garage_door", verb.Change, false},
		{"search_and_delete", verb.Delete, false},
		{"searchAndStore", verb.Create, false},
		{"read_then_forward", verb.Send, false},
		{"review_and_transfer", verb.Pay, false},
		{"search.delete", verb.Delete, false},
		{"delete.search", verb.Delete, false},
		{"DeleteSearchIndex", verb.Delete, true},
		{"bash", verb.Run, false},
		{"execute_sql", verb.Run, true},
		{"terminal.type", verb.Control, false},
		{"frobnicate", verb.None, false},
		{"", verb.None, false},
		{"__", verb.None, false},
		{"...", verb.None, false},
		{"patient_record", verb.Create, false},
		{"patients", verb.None, false},
		{"create_list", verb.Create, true},
		{"drop_view", verb.Delete, true},
		{"get_delete_status", verb.Delete, false},
		{"gallon_to_liter", verb.Compute, false},
		{"text_to_speech", verb.Compute, false},
		{"email_to_customer", verb.Send, false},
		{"browser_type", verb.Control, false},
		{"send_money", verb.Pay, true},
		{"send_payment_request", verb.Send, true},
		{"make_transaction", verb.Pay, true},
		{"schedule_transfer", verb.Pay, false},
		{"place_bid", verb.Pay, true},
		{"place_order", verb.Create, true},
		{"log_call", verb.Create, false},
		{"open_account", verb.Create, false},
		{"convert_lead", verb.Change, true},
		{"ship_package", verb.Change, false},
		{"ship_release", verb.Deploy, false},
		{"make_call", verb.Send, true},
		{"take_screenshot", verb.Read, false},
		{"update_user_info", verb.Change, true},
		{"list_pull_requests", verb.Read, true},
		{"AcmeBankTransferFunds", verb.Pay, false},
		{"SmartHomeUnlockDoor", verb.Change, true},
		{"tenant_record_access", verb.Read, false},
	} {
		n := Of(c.tool)
		if n.Act() != c.want || n.Certain != c.certain {
			t.Errorf("%q: %v, certain %v (%q); want %q, %v", c.tool, n.Acts, n.Certain, n.Verb, c.want, c.certain)
		}
	}
}

func TestLooking(t *testing.T) {
	t.Parallel()
	for tool, want := range map[string]bool{
		"get_x": true, "weather": true, "mean": true, "search_and_frobnicate": false, "search_and_delete": false, "frobnicate": false, "read_or_write": false,
		"get_and_transfer": false, "status_and_refund": false, "order_status": true, "": false,
	} {
		if n := Of(tool); n.Looks() != want {
			t.Errorf("%q looks %v (%v), want %v", tool, n.Looks(), n.Acts, want)
		}
	}
}

func TestKinds(t *testing.T) {
	t.Parallel()
	for tool, want := range map[string]Kind{
		"unlock_doors": "lock", "delete_user": "user", "get_patient": "medical record", "rotate_api_secrets": "secret", "disable_alarm": "security control",
		"list_policies": "setting", "update_reservation": "reservation", "cancel_orders": "order", "reset_password": "password",
	} {
		if n := Of(tool); !n.Has(want) {
			t.Errorf("%q names %v, want %q", tool, n.Kinds, want)
		}
	}
	if SensitivityOf("medical record") != Health || SensitivityOf("file") != Plain || SensitivityOf("") != Plain {
		t.Error("sensitivities are wrong")
	}
}

func FuzzOf(f *testing.F) {
	for _, s := range []string{"get_x", "search_and_delete", "mcp__a__b", "\xff__\xff", "ＤＥＬＥＴＥ", "a.b.c", "deletefile"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, tool string) {
		n := Of(tool)
		if n.Looks() && slices.Contains(n.Acts, verb.Delete) || n.Certain && len(n.Acts) != 1 {
			t.Fatalf("%q: %+v", tool, n)
		}
		if utf8.RuneCountInString(tool) < len(n.Words)/2 {
			t.Fatalf("%q has %d words", tool, len(n.Words))
		}
	})
}

func BenchmarkOf(b *testing.B) {
	for b.Loop() {
		Of("mcp__travel__get_reservation_details")
	}
}

// TestNamesAreReadOnce says that what was read before is what would be read now, whoever else asks meanwhile.
func TestNamesAreReadOnce(t *testing.T) {
	t.Parallel()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := range 3000 {
				tool := fmt.Sprintf("delete_%d_and_read_orders", i%1500)
				if got, want := Of(tool), read(tool); !reflect.DeepEqual(got, want) {
					t.Errorf("%s: %+v, want %+v", tool, got, want)
				}
			}
		})
	}
	all.Wait()
	if long := strings.Repeat("read_", 60); !reflect.DeepEqual(Of(long), read(long)) {
		t.Errorf("%s: %+v", long, Of(long))
	}
}
