package routes

import (
	"fmt"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/weighlock/weighlock/internal/attention"
)

// fileAttention are rules as a user writes them, or "none".
type fileAttention struct {
	PerItem time.Duration  `yaml:"perItem"`
	InARow  int            `yaml:"inARow"`
	PerHour int            `yaml:"perHour"`
	Then    attention.Then `yaml:"then"`
	For     time.Duration  `yaml:"for"`
	none    bool
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (a *fileAttention) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		if node.Value != "none" {
			return fmt.Errorf("line %d: attention is %q: write none, or such as {perItem: 2s, inARow: 5, then: warn, for: 30m}", node.Line, node.Value)
		}
		a.none = true
		return nil
	}
	type plain fileAttention
	return node.Decode((*plain)(a))
}

func (r *reader) attention(at func(...any) []any, in *fileRoute, n *node) error {
	a := in.Attention
	switch {
	case a == nil:
		return nil
	case a.none:
		n.Attention = attention.Rules{}
		return nil
	case a.InARow < 0 || a.InARow > attention.MaxInARow || a.InARow == 1:
		return r.file.Errorf(at("attention", "inARow"), fmt.Sprintf("use 2 to %d, or leave it out", attention.MaxInARow), "is %d", a.InARow)
	case a.InARow > 0 != (a.PerItem > 0):
		return r.file.Errorf(at("attention", "perItem"), "give perItem and inARow together, such as perItem: 2s, inARow: 5", "is %s with inARow %d", a.PerItem, a.InARow)
	case a.PerHour < 0 || a.PerHour > attention.MaxPerHour:
		return r.file.Errorf(at("attention", "perHour"), fmt.Sprintf("use 1 to %d, or leave it out", attention.MaxPerHour), "is %d", a.PerHour)
	case a.InARow == 0 && a.PerHour == 0:
		return r.file.Errorf(at("attention"), "say perItem and inARow, or perHour", "notices nothing")
	case a.Then != attention.Warn && a.Then != attention.Second && a.Then != attention.Rest:
		return r.file.Errorf(at("attention", "then"), "use warn, second or rest", "is %q", string(a.Then))
	case a.For < time.Minute || a.For > 24*time.Hour:
		return r.file.Errorf(at("attention", "for"), "give a time from 1m to 24h", "is %s", a.For)
	}
	n.Attention = attention.Rules{PerItem: a.PerItem, InARow: a.InARow, PerHour: a.PerHour, Then: a.Then, For: a.For}
	return nil
}

// joinAttention is what notices more, and of two rules what lets more follow.
func joinAttention(a, b attention.Rules) attention.Rules {
	rank := map[attention.Then]int{"": 0, attention.Warn: 1, attention.Second: 2, attention.Rest: 3}
	if rank[b.Then] > rank[a.Then] {
		return b
	}
	return a
}
