package docs

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

// dashboard is what of a Grafana dashboard the test looks at.
type dashboard struct {
	Panels []struct {
		Title       string `json:"title"`
		Description string `json:"description"`
		Type        string `json:"type"`
		GridPos     struct {
			X, Y, W, H int
		} `json:"gridPos"`
		Targets []struct {
			SQL string `json:"rawSql"`
		} `json:"targets"`
	} `json:"panels"`
	Templating struct {
		List []struct {
			Name, Type string
			Query      string
		} `json:"list"`
	} `json:"templating"`
}

var (
	timeFilter   = regexp.MustCompile(`\$__timeFilter\(([\w.]+)\)`)
	timeInterval = regexp.MustCompile(`\$__timeInterval\(([\w.]+)\)`)
)

// expand does with macros and variables what Grafana's data source does.
func expand(sql string) string {
	sql = timeFilter.ReplaceAllString(sql, "$1 >= toDateTime(toUnixTimestamp(now()) - 86400) AND $1 <= toDateTime(toUnixTimestamp(now()) + 60)")
	sql = timeInterval.ReplaceAllString(sql, "toStartOfInterval(toDateTime($1), INTERVAL 60 second)")
	return strings.NewReplacer("$__fromTime", "toDateTime(toUnixTimestamp(now()) - 86400)", "${cell:singlequote}", "'wl'").Replace(sql)
}

// Every panel of the dashboard has a query that runs and whose answer has what its kind of panel needs; no macro is left that the test, and
// so perhaps the data source, does not know; no panel lies on another.
func TestDashboardQueries(t *testing.T) {
	t.Parallel()
	db := audited(t)
	var d dashboard
	if err := json.Unmarshal([]byte(read(t, "deploy/grafana/weighlock.json")), &d); err != nil {
		t.Fatal(err)
	}
	if len(d.Panels) < 10 {
		t.Fatalf("only %d panels", len(d.Panels))
	}
	taken := map[[2]int]string{}
	for _, p := range d.Panels {
		if p.Title == "" || p.Description == "" || len(p.Targets) != 1 {
			t.Errorf("%q lacks a title, a description or its query", p.Title)
			continue
		}
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" || x >= 24 {
					t.Fatalf("%q lies on %q or beyond the edge", p.Title, other)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
		sql := expand(p.Targets[0].SQL)
		if strings.Contains(sql, "$") {
			t.Errorf("%q has a macro that is not known: %s", p.Title, sql)
		}
		answer := db.Ask(t, sql+" FORMAT JSON", nil)
		var got struct {
			Meta []struct{ Name, Type string }
		}
		if err := json.Unmarshal([]byte(answer), &got); err != nil {
			t.Errorf("%q answers %s", p.Title, answer)
			continue
		}
		if p.Type == "timeseries" && (got.Meta[0].Name != "time" || !strings.HasPrefix(got.Meta[0].Type, "DateTime")) {
			t.Errorf("%q is a series over time, and its first column is %v", p.Title, got.Meta[0])
		}
	}
	for _, v := range d.Templating.List {
		if v.Type == "query" {
			db.Ask(t, v.Query, nil)
		}
	}
	if got := db.Ask(t, expand(d.Panels[0].Targets[0].SQL), nil); strings.TrimSpace(got) != "0" {
		t.Errorf("nobody was asked, and %q says %s", d.Panels[0].Title, got)
	}
}
