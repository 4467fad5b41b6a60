package engine

import (
	"encoding/xml"
	"os"
	"strings"
	"testing"
)

func TestServerConfigIsAsAgreed(t *testing.T) {
	t.Parallel()
	got, err := renderServerConfig("/data/engine", "127.0.0.1:8123", User, "secret")
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
	text, err := renderServerConfig(dir, "127.0.0.1:1", User, "x")
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Path string `xml:"path"`
	}
	if err := xml.Unmarshal(text, &config); err != nil || config.Path != dir+"/server/" {
		t.Errorf("path %q: %v", config.Path, err)
	}
	if _, err := renderServerConfig(dir, "nowhere", User, "x"); err == nil {
		t.Error("an address without a port was accepted")
	}
}
