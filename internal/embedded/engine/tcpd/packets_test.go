package tcpd

import (
	"bufio"
	"bytes"
	"testing"

	"github.com/ClickHouse/ch-go/proto"
)

func reader(data []byte) *wire { return &wire{Reader: bufio.NewReader(bytes.NewReader(data))} }

func sampleQuery() []byte {
	var b proto.Buffer
	proto.Query{
		ID: "id", Body: "SELECT {x:String}", Stage: proto.StageComplete, Compression: proto.CompressionEnabled,
		Info:       proto.ClientInfo{ProtocolVersion: 54460, Major: 25, Interface: proto.InterfaceTCP, Query: proto.ClientQueryInitial, ClientName: "c"},
		Settings:   []proto.Setting{{Key: "max_threads", Value: "1", Important: true}, {Key: "network_compression_method", Value: "zstd"}},
		Parameters: []proto.Parameter{{Key: "x", Value: `'it\'s \\N'`}},
	}.EncodeAware(&b, revision)
	return b.Buf[1:] // without the packet's kind
}

func TestQueryIsReadAsWritten(t *testing.T) {
	t.Parallel()
	w := reader(append(sampleQuery(), "rest"...))
	q, err := readQuery(w)
	if err != nil || q.id != "id" || q.text != "SELECT {x:String}" || !q.compress || !q.zstd || len(q.settings) != 1 || q.settings[0].Value != "1" {
		t.Errorf("%+v %v", q, err)
	}
	if len(q.params) != 1 || q.params[0].Value != `it's \N` {
		t.Errorf("parameters %+v", q.params)
	}
	if w.Buffered() != 4 {
		t.Errorf("%d bytes are left", w.Buffered())
	}
}

// No bytes make the readers panic or take more memory than came.
func FuzzPackets(f *testing.F) {
	f.Add(sampleQuery())
	var b proto.Buffer
	proto.ClientHello{Name: "c", ProtocolVersion: 54460, User: "u", Password: "p"}.Encode(&b)
	f.Add(b.Buf)
	f.Add([]byte{0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, data []byte) {
		if q, err := readQuery(reader(data)); err == nil && len(q.text) > len(data) {
			t.Fatalf("%d bytes give a statement of %d", len(data), len(q.text))
		}
		if h, err := readHello(reader(data)); err == nil && len(h.name)+len(h.user) > len(data) {
			t.Fatalf("%d bytes give %+v", len(data), h)
		}
	})
}
