package streamtest

import (
	"net"
	"strings"
	"sync"
	"testing"
)

// Proxy stands between a client and the server and breaks the connection in the
// ways networks do. Its methods act on every connection, those to come included.
type Proxy struct {
	listener net.Listener
	target   string

	mu     sync.Mutex
	change sync.Cond
	muted  bool // nothing passes from the server to the client
	closed bool
	conns  map[net.Conn]bool
	ended  sync.WaitGroup
}

// NewProxy starts a proxy before the server at url. It is closed when the test ends.
func NewProxy(t testing.TB, url string) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{listener: l, target: strings.TrimPrefix(url, "nats://"), conns: make(map[net.Conn]bool)}
	p.change.L = &p.mu
	p.ended.Go(p.accept)
	t.Cleanup(p.close)
	return p
}

// URL is where clients connect.
func (p *Proxy) URL() string { return "nats://" + p.listener.Addr().String() }

// Mute keeps back everything the server sends, such as a PubAck; what the client sends
// still arrives. Cut then loses it for good.
func (p *Proxy) Mute() { p.set(true) }

// Unmute ends Mute; what was kept back passes.
func (p *Proxy) Unmute() { p.set(false) }

func (p *Proxy) set(muted bool) {
	p.mu.Lock()
	p.muted = muted
	p.change.Broadcast()
	p.mu.Unlock()
}

// Cut breaks all connections, and what was kept back is lost. Clients may come
// back; Mute is over.
func (p *Proxy) Cut() {
	p.mu.Lock()
	for c := range p.conns {
		c.Close()
		delete(p.conns, c)
	}
	p.muted = false
	p.change.Broadcast()
	p.mu.Unlock()
}

func (p *Proxy) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.listener.Close()
	p.Cut()
	p.ended.Wait()
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.target)
		if err != nil {
			client.Close()
			continue
		}
		if !p.add(client, server) {
			continue
		}
		p.ended.Go(func() { p.copy(server, client, func(net.Conn) bool { return true }) })
		p.ended.Go(func() { p.copy(client, server, p.mayPass) })
	}
}

func (p *Proxy) add(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		if p.closed {
			c.Close()
		} else {
			p.conns[c] = true
		}
	}
	return !p.closed
}

// mayPass waits while the proxy is muted; false where the connection was cut meanwhile.
func (p *Proxy) mayPass(from net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.muted && p.conns[from] {
		p.change.Wait()
	}
	return p.conns[from]
}

func (p *Proxy) copy(to, from net.Conn, may func(net.Conn) bool) {
	defer to.Close()
	defer from.Close()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			if !may(from) {
				return
			}
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
