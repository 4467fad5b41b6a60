package engine

import (
	"encoding/xml"
	"os"
	"strings"
	"testing"
)

func TestServerConfigIsAsAgreed(t *testing.T) {
	t.Parallel()
	got, err := renderServerConfig("/data/engine", "127.0.0.1:8123", "127.0.0.1:9000", User, "secret")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/server.xml")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("the configuration differs from testdata/server.xml:\n%s", got)
	}
	if strings.Contains(string(got), "secret") {
		t.Error("the password is in the configuration")
	}
}

func TestServerConfigEscapesItsDirectory(t *testing.T) {
	t.Parallel()
	dir := `/odd & <dir> "quoted" 'too'`
	text, err := renderServerConfig(dir, "127.0.0.1:1", "127.0.0.1:2", User, "x")
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Path string `xml:"path"`
	}
	if err := xml.Unmarshal(text, &config); err != nil || config.Path != dir+"/server/" {
		t.Errorf("path %q: %v", config.Path, err)
	}
	for _, addresses := range [][2]string{{"nowhere", "127.0.0.1:2"}, {"127.0.0.1:1", "nowhere"}} {
		if _, err := renderServerConfig(dir, addresses[0], addresses[1], User, "x"); err == nil {
			t.Errorf("%v: an address without a port was accepted", addresses)
		}
	}
}
