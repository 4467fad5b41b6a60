package engine_test

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/weighlock/weighlock/internal/embedded/engine"
	"github.com/weighlock/weighlock/internal/embedded/engine/enginetest"
)

// These make a run of the test binary play another part.
const (
	parentEnv = "WEIGHLOCK_TEST_ENGINE_PARENT" // starts an engine on the directory it names, says where it is, and waits to be killed
	fakeEnv   = "WEIGHLOCK_TEST_FAKE_SERVER"   // serves /ping as the configuration file it names asks for
)

func TestMain(m *testing.M) {
	engine.RunIfChild()
	var err error
	switch {
	case os.Getenv(parentEnv) != "":
		err = playParent(os.Getenv(parentEnv))
	case os.Getenv(fakeEnv) != "":
		err = playServer(os.Getenv(fakeEnv))
	default:
		enginetest.Main(m)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func playParent(dir string) error {
	source, err := engine.Locate(engine.LocateOptions{})
	if err != nil {
		return err
	}
	e, err := engine.Start(context.Background(), engine.Options{Dir: dir, Source: source})
	if err != nil {
		return err
	}
	fmt.Printf("%d %s\n", e.PID(), e.Addr)
	_, err = io.Copy(io.Discard, os.Stdin) // ends with the test, should the kill not come
	return err
}

type serverXML struct {
	Host string `xml:"listen_host"`
	Port string `xml:"http_port"`
	Path string `xml:"path"`
	TCP  string `xml:"tcp_port"`
	User struct {
		Hash string   `xml:"password_sha256_hex"`
		IPs  []string `xml:"networks>ip"`
	} `xml:"users>weighlock"`
}

func readServerXML(path string) (serverXML, error) {
	var config serverXML
	text, err := os.ReadFile(path)
	if err == nil {
		err = xml.Unmarshal(text, &config)
	}
	return config, err
}

func playServer(configPath string) error {
	config, err := readServerXML(configPath)
	if err != nil {
		return err
	}
	server := &http.Server{Addr: net.JoinHostPort(config.Host, config.Port), Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "Ok.\n")
	})}
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM)
	go func() {
		<-asked
		os.WriteFile(configPath+".asked", nil, 0o600)
		server.Close()
	}()
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		return err
	}
	return nil
}
