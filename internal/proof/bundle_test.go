package proof

import "testing"

func TestBundle(t *testing.T) {
	t.Parallel()
	r := written(t)
	make1 := func() Bundle {
		var b Bundle
		b.Version = BundleVersion
		for _, i := range []int{3, 12, 39} {
			row, batch := r.rows[i], i/perBatch
			var all []Entry
			for _, x := range r.rows[batch*perBatch : (batch+1)*perBatch] {
				all = append(all, Entry{x.Seq, x.Leaf})
			}
			p, err := Prove(Proven{Seq: row.Seq, Subject: row.Subject, Headers: row.HeadersRaw, Data: row.Data}, all, r.digests[batch])
			if err != nil {
				t.Fatal(err)
			}
			b.Events = append(b.Events, p)
		}
		return b
	}
	if err := make1().Check(r.trusted); err != nil {
		t.Fatal(err)
	}
	if make1().Check(Keys{}) == nil {
		t.Error("a proof passes without a trusted key")
	}
	for name, change := range map[string]func(*Bundle){
		"data": func(b *Bundle) { b.Events[1].Data = []byte("{}") }, "subject": func(b *Bundle) { b.Events[1].Subject += "x" },
		"headers": func(b *Bundle) { b.Events[1].Headers = nil }, "sequence": func(b *Bundle) { b.Events[1].Seq++ }, "index": func(b *Bundle) { b.Events[1].Index++ },
		"digest": func(b *Bundle) { b.Events[1].Digest = b.Events[0].Digest }, "root": func(b *Bundle) { b.Events[1].Digest.Root[0]++ },
		"version": func(b *Bundle) { b.Version = 2 }, "nothing": func(b *Bundle) { b.Events = nil },
	} {
		b := make1()
		change(&b)
		if b.Check(r.trusted) == nil {
			t.Errorf("a proof with another %s passes", name)
		}
	}
}
